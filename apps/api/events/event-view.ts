import { Injectable } from '@nestjs/common';
import { Deliveries } from '#deliveries';
import type { EventRow } from '#events';
import { Sources } from '#sources';
import { showEvent } from './show-event.js';

/** Adds to events what stands elsewhere: the slugs of their sources, and how their deliveries are. */
@Injectable()
export class EventView {
  constructor(
    private readonly sources: Sources,
    private readonly deliveries: Deliveries,
  ) {}

  /** Events as lists show them. */
  async show(tenantId: string, events: readonly EventRow[]): Promise<object[]> {
    const [slugs, counts] = await Promise.all([
      this.sources.slugs(
        tenantId,
        events.map(({ source_id }) => source_id),
      ),
      this.deliveries.countsByEvent(
        tenantId,
        events.map(({ id }) => id),
      ),
    ]);
    return events.map((event) => showEvent(event, slugs.get(event.source_id), counts.get(event.id)));
  }
}
