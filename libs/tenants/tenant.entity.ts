import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How many callbacks are taken: in the long run, and at once (default: those of a second). */
export interface RateLimit {
  readonly per_second: number;
  readonly burst?: number | undefined;
}

/** One isolated customer. */
@Entity('tenants')
export class Tenant {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  slug!: string;

  @Column('text')
  name!: string;

  /** The data key that encrypts this tenant's secrets, wrapped by the master key. */
  @Column({ type: 'bytea', select: false })
  wrapped_key!: Buffer;

  /** Of all its sources together; `null`: that of the installation. */
  @Column({ type: 'jsonb', nullable: true })
  rate_limit!: RateLimit | null;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;
}
