import { createTheme } from '@mantine/core';

// The system's own fonts: no page needs anything from elsewhere.
export const theme = createTheme({
  primaryColor: 'blue',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace',
  cursorType: 'pointer',
  respectReducedMotion: true,
});
