import type { AllowedMethods } from '#errors';

interface Route {
  readonly url: string;
  readonly method: string | string[];
}

interface RouteSource {
  addHook(name: 'onRoute', hook: (route: Route) => void): unknown;
}

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Notes every route as it is registered, so that a wrong method can be told from a wrong path. */
export function watchRoutes(framework: RouteSource): AllowedMethods {
  const known = new Map<string, KnownPath>();
  framework.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const path = known.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    known.set(url, path);
    for (const one of [method].flat()) path.methods.add(one);
  });
  return (path) => {
    const methods = [...known.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((one) => [...one.methods]);
    return [...new Set(methods)].sort();
  };
}

function patternOf(url: string): RegExp {
  const segments = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[^\w-]/g, '\\$&')));
  return new RegExp(`^${segments.join('/')}$`);
}
