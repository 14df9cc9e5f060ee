import pg from 'pg';
import { type BinaryParameter, bindMessage } from './bind-message.js';

/** A statement that stays prepared on its connection, under its name. */
export interface NamedStatement {
  readonly name: string;
  readonly text: string;
}

/**
 * One connection of a pool, kept for statements that follow one another without a pause: taking it from the pool anew
 * for each would put off sending until the end of the turn of the event loop. One that is broken or in doubt is replaced.
 */
export class HeldConnection {
  #client: pg.PoolClient | undefined;
  readonly #onError = (): void => this.letGo(true);

  constructor(private readonly pool: pg.Pool) {}

  /** Sends a statement at once when the connection stands and nothing is under way on it. */
  query<Row extends pg.QueryResultRow>(text: string): Promise<pg.QueryResult<Row>> {
    return this.run((client) => client.query<Row>(text));
  }

  /** The same, with parameters in PostgreSQL's binary formats, which go to the socket as they are. */
  execute<Row extends pg.QueryResultRow>(
    statement: NamedStatement,
    parameters: readonly BinaryParameter[],
  ): Promise<pg.QueryResult<Row>> {
    return this.run((client) => execute<Row>(client, statement, parameters));
  }

  /** Gives the connection back to its pool. */
  release(): void {
    this.letGo(false);
  }

  private async connect(): Promise<pg.PoolClient> {
    const client = await this.pool.connect();
    if (this.#client !== undefined) {
      client.release();
      return this.#client;
    }
    client.on('error', this.#onError);
    this.#client = client;
    return client;
  }

  private async run<Result>(send: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = this.#client ?? (await this.connect());
    try {
      return await send(client);
    } catch (error) {
      // What PostgreSQL itself refuses leaves the connection as it was; after anything else nobody knows its state.
      if (!(error instanceof pg.DatabaseError) && this.#client === client) this.letGo(true);
      throw error;
    }
  }

  private letGo(isBroken: boolean): void {
    const client = this.#client;
    this.#client = undefined;
    client?.off('error', this.#onError);
    client?.release(isBroken);
  }
}

/** As pg's own query in everything but the Bind message. */
function execute<Row extends pg.QueryResultRow>(
  client: pg.PoolClient,
  { name, text }: NamedStatement,
  parameters: readonly BinaryParameter[],
): Promise<pg.QueryResult<Row>> {
  return new Promise((resolve, reject) => {
    const query = new pg.Query<Row>({ name, text }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    const submit = query.submit.bind(query);
    query.submit = (connection) => {
      const bind = () => bindMessage(name, parameters).forEach((piece) => connection.stream.write(piece));
      return submit(Object.create(connection, { bind: { value: bind } }) as pg.Connection);
    };
    client.query(query);
  });
}
