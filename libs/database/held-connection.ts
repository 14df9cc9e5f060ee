import pg from 'pg';

/**
 * One connection of a pool, kept for statements that follow one another without a pause: taking it from the pool anew
 * for each would put off sending until the end of the turn of the event loop. One that is broken or in doubt is replaced.
 */
export class HeldConnection {
  #client: pg.PoolClient | undefined;

  constructor(private readonly pool: pg.Pool) {}

  /** Sends a statement at once when the connection stands and nothing is under way on it. */
  query<Row extends pg.QueryResultRow>(config: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    if (this.#client !== undefined) return this.run(this.#client, config);
    return this.connect().then((client) => this.run(client, config));
  }

  /** Gives the connection back to its pool. */
  release(): void {
    this.#client?.release();
    this.#client = undefined;
  }

  private async connect(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    if (this.#client !== undefined) {
      client.release();
      return this.#client;
    }
    client.on('error', () => this.drop(client));
    this.#client = client;
    return client;
  }

  private async run<Row extends pg.QueryResultRow>(
    client: pg.PoolClient,
    config: pg.QueryConfig,
  ): Promise<pg.QueryResult<Row>> {
    try {
      return await client.query<Row>(config);
    } catch (error) {
      // What PostgreSQL itself refuses leaves the connection as it was; after anything else nobody knows its state.
      if (!(error instanceof pg.DatabaseError)) this.drop(client);
      throw error;
    }
  }

  private drop(client: pg.PoolClient): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    client.release(true);
  }
}
