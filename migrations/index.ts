import { TenantsSourcesSecrets1795300000000 } from './1795300000000-tenants-sources-secrets.js';
import { EventsDeliveries1795300000001 } from './1795300000001-events-deliveries.js';

/** Every migration, oldest first. */
export const migrations = [TenantsSourcesSecrets1795300000000, EventsDeliveries1795300000001];
