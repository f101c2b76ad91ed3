import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';

import { CallError, post } from '../api/call';

/** A change that a person asks for: run(url) sends it; how it went is told in a corner of the page. */
export function useAction<T = unknown>(said: string, then?: (answer: T) => void) {
  const { mutate, isPending } = useMutation({
    mutationFn: (url: string) => post<T>(url),
    onSuccess: (answer: T) => {
      notifications.show({ color: 'green', message: said });
      then?.(answer);
    },
    onError: (error: Error) => {
      const network = error instanceof CallError && error.kind === 'network';
      notifications.show({ color: 'red', autoClose: false, title: network ? 'The service can’t be reached' : 'The service refuses', message: error.message });
    },
  });
  return { run: (url: string) => mutate(url), running: isPending };
}
