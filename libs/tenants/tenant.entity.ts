import { Column, Entity, PrimaryColumn } from 'typeorm';

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

  @Column({ type: 'timestamptz', precision: 3 })
  created_at!: Date;
}
