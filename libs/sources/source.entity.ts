import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RateLimit } from '#tenants';

/** When two callbacks are the same event. */
export interface DedupeConfig {
  readonly window_seconds?: number | undefined;
  /** `header:<name>` or `json:<RFC 6901 pointer>`. */
  readonly key?: string | undefined;
}

/** Settings of a source; every one is optional. */
export interface SourceConfig {
  readonly tolerance_seconds?: number | undefined;
  readonly dedupe?: DedupeConfig | undefined;
  readonly response?:
    | {
        readonly status?: number | undefined;
        readonly content_type?: string | undefined;
        readonly body?: string | undefined;
      }
    | undefined;
  readonly retention_days?: number | undefined;
  /** How many callbacks are taken before others are answered 429. */
  readonly rate_limit?: RateLimit | undefined;
  /** Gives the ingest URL an unguessable last segment. */
  readonly url_token?: boolean | undefined;
  /** What is checked on top of the provider's own signature. */
  readonly require?: readonly 'bearer'[] | undefined;
  /** Settings of the provider's own. */
  readonly [setting: string]: unknown;
}

/** One place in a tenant where a provider posts. A deleted one stays as a row, for its events refer to it. */
@Entity('sources')
export class Source {
  @PrimaryColumn('uuid')
  tenant_id!: string;

  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  slug!: string;

  @Column('text')
  name!: string;

  @Column('text')
  provider!: string;

  @Column('jsonb')
  config!: SourceConfig;

  @Column('text')
  status!: 'active' | 'paused';

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deleted_at!: Date | null;
}
