import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { SecretUse } from './secret-use.js';

/** Key material of a source, with which callbacks are verified and redeliveries re-signed. */
@Entity('callback_secrets')
export class CallbackSecret {
  @PrimaryColumn('uuid')
  tenant_id!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  source_id!: string;

  @Column('text')
  use!: SecretUse;

  @Column('text')
  label!: string;

  @Column('text')
  hint!: string;

  /** The plain secret under the tenant's data key; `null` once deleted, and for secrets that are only compared. */
  @Column({ type: 'bytea', nullable: true })
  ciphertext!: Buffer | null;

  /** Of a secret that is only compared: keyed SHA-256 of one that was made here, argon2id hash of an imported one. */
  @Column({ type: 'text', nullable: true })
  verifier!: string | null;

  @Column('boolean')
  is_current!: boolean;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at!: Date | null;

  @Column({ type: 'uuid', nullable: true })
  replaces!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  last_verified_at!: Date | null;

  /** A bigint, hence a string here. */
  @Column('bigint')
  verified_count!: string;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;
}
