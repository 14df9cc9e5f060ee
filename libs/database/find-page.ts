import {
  type EntityManager,
  type EntityTarget,
  type FindOptionsOrder,
  type FindOptionsWhere,
  LessThan,
} from 'typeorm';
import type { PageRequest } from './page.js';

/** Reads what a page is cut from by `pageOf`: newest first, and one row more, which tells whether another page follows. */
export function findPage<Row extends { readonly id: string }>(
  manager: EntityManager,
  entity: EntityTarget<Row>,
  where: FindOptionsWhere<Row>,
  { before, limit }: PageRequest,
): Promise<Row[]> {
  return manager.find(entity, {
    where: before === null ? where : { ...where, id: LessThan(before) },
    order: { id: 'DESC' } as FindOptionsOrder<Row>,
    take: limit + 1,
  });
}
