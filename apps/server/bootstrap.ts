import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS, type Settings } from '#config';
import { Database } from '#database';
import { ActiveSecrets, CallbackSecrets } from '#secrets';
import { NewTenants, secretHolderOf, Sources } from '#sources';

const FIRST_TENANT = 'default';
const WELCOME_SOURCE = 'welcome';
const WELCOME_BODY = '{"event":"hello.callbox","message":"My first callback"}';
const BOOTSTRAP_LOCK = 5_217_003;
const TENANTS_EXIST = 'select exists (select from tenants)';

/** What the terminal shows after the start. */
export interface Welcome {
  /** `null` after the first start, and when the operator chose the key. */
  readonly plainKey: string | null;
  /** A callback with a valid signature; `null` when its source has been deleted. */
  readonly callback: { readonly url: string; readonly body: string; readonly signature: string } | null;
}

/** Makes the tenant `default` on the first start of an installation. */
@Injectable()
export class Bootstrap {
  constructor(
    private readonly database: Database,
    private readonly newTenants: NewTenants,
    private readonly sources: Sources,
    private readonly secrets: CallbackSecrets,
    private readonly activeSecrets: ActiveSecrets,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  async run(): Promise<Welcome> {
    const { bootstrapKey } = this.settings;
    const made = (await this.isFirstStart()) ? await this.makeFirstTenant() : null;
    if (made !== null) await this.makeWelcomeSecret(made.tenantId);
    return {
      plainKey: bootstrapKey === undefined ? (made?.plainKey ?? null) : null,
      callback: await this.signedCallback(),
    };
  }

  private async isFirstStart(): Promise<boolean> {
    const [row] = await this.database.queryAcrossTenants<{ exists: boolean }>(TENANTS_EXIST, []);
    return row?.exists === false;
  }

  private async makeFirstTenant(): Promise<{ tenantId: string; plainKey: string } | null> {
    const { bootstrapKey } = this.settings;
    const draft = await this.newTenants.draft({
      slug: FIRST_TENANT,
      name: 'Default',
      ...(bootstrapKey === undefined ? {} : { adminKey: bootstrapKey }),
    });
    return this.database.acrossTenants(async (manager) => {
      // Processes that start together on an empty database take turns; the first one makes the tenant.
      await manager.query('select pg_advisory_xact_lock($1)', [BOOTSTRAP_LOCK]);
      const [row] = await manager.query<{ exists: boolean }[]>(TENANTS_EXIST);
      if (row?.exists !== false) return null;
      const { tenant, apiKey } = await this.newTenants.createWithin(manager, draft);
      await this.sources.createWithin(manager, tenant.id, {
        slug: WELCOME_SOURCE,
        name: 'Welcome',
        provider: 'callbox',
      });
      return { tenantId: tenant.id, plainKey: apiKey.plain_key };
    });
  }

  private async makeWelcomeSecret(tenantId: string): Promise<void> {
    const source = await this.sources.get(tenantId, { slug: WELCOME_SOURCE });
    await this.secrets.issue(tenantId, secretHolderOf(source), {
      label: 'Signs the curl of the welcome text',
    });
  }

  private async signedCallback(): Promise<Welcome['callback']> {
    const [row] = await this.database.queryAcrossTenants<{ tenant_id: string; id: string }>(
      `select s.tenant_id, s.id from tenants t join sources s on s.tenant_id = t.id
       where t.slug = $1 and s.slug = $2 and s.deleted_at is null`,
      [FIRST_TENANT, WELCOME_SOURCE],
    );
    const [secret] = row === undefined ? [] : await this.activeSecrets.open(row.tenant_id, row.id);
    if (secret === undefined || secret.plainSecret === null) return null;
    return {
      url: `${this.settings.publicUrl}/in/${FIRST_TENANT}/${WELCOME_SOURCE}`,
      body: WELCOME_BODY,
      signature: createHmac('sha256', secret.plainSecret).update(WELCOME_BODY).digest('hex'),
    };
  }
}
