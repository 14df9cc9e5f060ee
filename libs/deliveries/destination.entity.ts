import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How deliveries to a destination are signed. */
export type Signing = 'native' | 'standard-webhooks' | 'none';

/** An HTTP endpoint of the tenant's own to which events are delivered. A deleted one stays as a row. */
@Entity('destinations')
export class Destination {
  @PrimaryColumn('uuid')
  tenant_id!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text')
  url!: string;

  /** `null`: all sources. */
  @Column({ type: 'uuid', array: true, nullable: true })
  source_ids!: string[] | null;

  /** Globs over the event type; `null`: all events. */
  @Column({ type: 'text', array: true, nullable: true })
  types!: string[] | null;

  @Column('text')
  signing!: Signing;

  /** Headers of the tenant's own, as JSON under the tenant's data key: they may hold credentials. */
  @Column({ type: 'bytea', nullable: true })
  headers_ciphertext!: Buffer | null;

  @Column('integer')
  timeout_seconds!: number;

  /** Seconds to wait after each failed attempt; `null`: the default schedule. */
  @Column({ type: 'integer', array: true, nullable: true })
  retry_schedule_seconds!: number[] | null;

  @Column({ type: 'integer', nullable: true })
  rate_limit_per_second!: number | null;

  @Column({ type: 'integer', nullable: true })
  max_in_flight!: number | null;

  /** With a rate limit: the earliest time of the next attempt, kept to by all workers together. */
  @Column({ type: 'timestamptz', nullable: true })
  next_slot_at!: Date | null;

  @Column('text')
  status!: 'active' | 'paused';

  /** Who paused it: its owner, its own answer 410, or days of failure. `null` while it is active. */
  @Column({ type: 'text', nullable: true })
  paused_reason!: 'manual' | 'gone' | 'auto' | null;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;
}
