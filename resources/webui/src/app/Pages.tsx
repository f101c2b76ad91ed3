import { Loader, Text } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Navigate, Route, Routes } from 'react-router';

import { Page, Shell } from './Shell';

const Seeds = lazy(() => import('../pages/seeds/Seeds'));
const NewSeed = lazy(() => import('../pages/newseed/NewSeed'));
const Agents = lazy(() => import('../pages/agents/Agents'));
const AgentPage = lazy(() => import('../pages/agent/AgentPage'));
const Audit = lazy(() => import('../pages/service/Audit'));
const Status = lazy(() => import('../pages/service/Status'));
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
          <Route path="/new-seed" element={<NewSeed />} />
          <Route path="/agents" element={<Agents />} />
          <Route path="/agent/:host" element={<AgentPage />} />
          <Route path="/audit" element={<Audit />} />
          <Route path="/status" element={<Status />} />
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
