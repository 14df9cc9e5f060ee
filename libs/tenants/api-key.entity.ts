import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from './roles.js';

/** Authenticates a caller of the management API. The key itself is kept as a keyed hash, in `api_key_directory`. */
@Entity('api_keys')
export class ApiKey {
  @PrimaryColumn('uuid')
  tenant_id!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  role!: Role;

  @Column('text')
  hint!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  expires_at!: Date | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  last_used_at!: Date | null;

  /** The key whose rotation made this one. */
  @Column({ type: 'uuid', nullable: true })
  replaces!: string | null;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;
}
