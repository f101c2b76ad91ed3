// One place from which the service is called, and one kind of error.

/** Why a call failed. 'network': no answer came; 'service': the service answered and refused. */
export class CallError extends Error {
  readonly kind: 'network' | 'service';
  readonly status: number; // 0 for 'network'
  constructor(kind: 'network' | 'service', status: number, message: string) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

/** What the service wraps errors in. */
interface Refusal {
  Code: string;
  Message: string;
}

function isRefusal(v: unknown): v is Refusal {
  return typeof v === 'object' && v !== null && 'Code' in v && 'Message' in v && typeof v.Message === 'string';
}

async function call<T>(method: 'GET' | 'POST', url: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(url, { method, signal, credentials: 'same-origin', headers: { Accept: 'application/json' } });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new CallError('network', 0, 'No answer from the service. Is this browser connected, and the service running?');
  }
  const text = await answer.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new CallError('service', answer.status, `The service answered ${answer.status} with something that is not JSON.`);
  }
  if (!answer.ok) throw new CallError('service', answer.status, isRefusal(body) ? body.Message : `The service answered ${answer.status}.`);
  return body as T;
}

/** Reads. */
export const get = <T>(url: string, signal?: AbortSignal) => call<T>('GET', url, signal);

/** Changes something. */
export const post = <T>(url: string) => call<T>('POST', url);
