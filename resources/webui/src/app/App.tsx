import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { BrowserRouter } from 'react-router';

import { pagesBase } from '../api/base';
import { Live, queries } from './live';
import { Pages } from './Pages';
import { theme } from './theme';

/** The strict content security policy wants this word on every <style> that the library makes. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name=nonce]')?.content;

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce ? () => nonce : undefined}>
      <Notifications position="bottom-right" />
      <QueryClientProvider client={queries}>
        <Live>
          <BrowserRouter basename={pagesBase}>
            <Pages />
          </BrowserRouter>
        </Live>
      </QueryClientProvider>
    </MantineProvider>
  );
}
