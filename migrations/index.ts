import { TenantsSourcesSecrets1795300000000 } from './1795300000000-tenants-sources-secrets.js';
import { EventsDeliveries1795300000001 } from './1795300000001-events-deliveries.js';
import { AuditLog1795300000002 } from './1795300000002-audit-log.js';
import { SecretUse1795300000003 } from './1795300000003-secret-use.js';
import { Growth1795300000004 } from './1795300000004-growth.js';
import { Rejections1795300000005 } from './1795300000005-rejections.js';
import { Circuits1795300000006 } from './1795300000006-circuits.js';
import { TenantRateLimits1795300000007 } from './1795300000007-tenant-rate-limits.js';
import { IncomingEvents1795300000008 } from './1795300000008-incoming-events.js';
import { StoredIn1795300000009 } from './1795300000009-stored-in.js';
import { BulkRedeliveries1795300000010 } from './1795300000010-bulk-redeliveries.js';
import { DuplicateCounts1795300000011 } from './1795300000011-duplicate-counts.js';
import { ContentsUnvisited1795300000012 } from './1795300000012-contents-unvisited.js';
import { FewOfEach1795300000013 } from './1795300000013-few-of-each.js';

/** Every migration, oldest first. */
export const migrations = [
  TenantsSourcesSecrets1795300000000,
  EventsDeliveries1795300000001,
  AuditLog1795300000002,
  SecretUse1795300000003,
  Growth1795300000004,
  Rejections1795300000005,
  Circuits1795300000006,
  TenantRateLimits1795300000007,
  IncomingEvents1795300000008,
  StoredIn1795300000009,
  BulkRedeliveries1795300000010,
  DuplicateCounts1795300000011,
  ContentsUnvisited1795300000012,
  FewOfEach1795300000013,
];
