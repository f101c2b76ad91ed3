import { Loader, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router';

import { Page, Shell } from './Shell';

const Seeds = lazy(() => import('../pages/seeds/Seeds'));
const SeedDetails = lazy(() => import('../pages/seed/SeedDetails'));

/** The pages by their addresses, which are orchestrator's. */
export function Pages() {
  return (
    <Shell>
      <Suspense fallback={<Loader aria-label="The page is loading" />}>
        <Routes>
          <Route path="/" element={<Navigate to="/seeds" replace />} />
          <Route path="/seeds" element={<Seeds />} />
          <Route path="/seed-details/:id" element={<SeedDetails />} />
          <Route path="*" element={<Nowhere />} />
        </Routes>
      </Suspense>
    </Shell>
  );
}

function Nowhere() {
  return (
    <Page title="No such page">
      <Text>There is nothing at this address.</Text>
    </Page>
  );
}
