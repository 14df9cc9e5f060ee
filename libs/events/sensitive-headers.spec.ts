import { createHash } from 'node:crypto';
import type { DataKey } from '#keyring';
import { joinHeaders, splitHeaders } from './sensitive-headers.js';
