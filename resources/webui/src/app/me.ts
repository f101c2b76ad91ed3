import { queryOptions, useQuery } from '@tanstack/react-query';

import { apiURL } from '../api/base';
import { get } from '../api/call';

/** Who looks at the page, and whether the service lets them change anything. */
export interface Me {
  User: string;
  MayChange: boolean;
  Why: string; // they may not; '' when they may
}

const meQuery = queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => get<Me>(apiURL('me'), signal), staleTime: Number.POSITIVE_INFINITY });

/** Whether to show what changes something; not before the service has said so. */
export const useMayChange = () => useQuery(meQuery).data?.MayChange ?? false;
