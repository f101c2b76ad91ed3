// Where the service is: the page's <base> is PREFIX/web/, everything else stands beside it.

const web = new URL(document.baseURI);

/** The service's URLPrefix, without a slash at its end; '' when there is none. */
export const prefix = web.pathname.replace(/\/web\/.*$/, '');

/** Path of the pages, for the router. */
export const pagesBase = `${prefix}/web`;

/** Address of an API path: apiURL('agent', host) escapes each part. */
export function apiURL(path: string, ...parts: (string | number)[]): string {
  return [`${prefix}/api/${path}`, ...parts.map((p) => encodeURIComponent(String(p)))].join('/');
}
