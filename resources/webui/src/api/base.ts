// Where the service is: it writes its URLPrefix into the page.

/** The service's URLPrefix, without a slash at its end; '' when there is none. */
export const prefix = document.querySelector<HTMLMetaElement>('meta[name=prefix]')?.content ?? '';

/** Path of the pages, for the router. */
export const pagesBase = `${prefix}/web`;

/** Address of an API path: apiURL('agent', host) escapes each part. */
export function apiURL(path: string, ...parts: (string | number)[]): string {
  return [`${prefix}/api/${path}`, ...parts.map((p) => encodeURIComponent(String(p)))].join('/');
}
