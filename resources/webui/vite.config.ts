import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// Addresses in the bundle are relative: the service serves it under any URLPrefix.
export default defineConfig({
  base: './',
  plugins: [react()],
  // light-dark() and :has() are left to the browser, which knows the scheme.
  build: { target: 'es2022', cssTarget: ['chrome123', 'firefox121', 'safari17.5'], assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  test: { environment: 'jsdom', include: ['src/**/*.test.{ts,tsx}'] },
});
