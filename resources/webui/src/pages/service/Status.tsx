import { Alert, Badge, Loader, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { statusQuery } from '../../api/queries';
import { Page } from '../../app/Shell';
import { Ago } from '../../ui/Ago';
import { Problem } from '../../ui/Problem';

/** How the node that served this page is. */
export default function Status() {
  const { data, error, refetch } = useQuery({ ...statusQuery, refetchInterval: 5_000 });
  return (
    <Page title="Status">
      <Stack maw={720}>
        {error && <Problem error={error} retry={() => void refetch()} />}
        {!data && !error && <Loader aria-label="The status is being read" />}
        {data?.Problem && (
          <Alert color="red" title="This node is unhealthy">
            <Text size="sm">{data.Problem}</Text>
          </Alert>
        )}
        {data && (
          <Table variant="vertical">
            <Table.Tbody>
              <Fact name="This node">
                {data.Node} {data.IsLeader && <Badge autoContrast>leads</Badge>}
              </Fact>
              <Fact name="Leader">{data.Leader ? `${data.Leader}, term ${data.Term}` : 'nobody leads'}</Fact>
              <Fact name="Version">{data.Version}</Fact>
              <Fact name="Running since">
                <Ago time={data.StartedAt} />
              </Fact>
              <Fact name="Backend">{data.Backend}</Fact>
              <Fact name="Live seeds">{data.ActiveSeeds}</Fact>
              <Fact name="Agents">{data.Agents}</Fact>
            </Table.Tbody>
          </Table>
        )}
      </Stack>
    </Page>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th w={200}>{name}</Table.Th>
      <Table.Td>{children}</Table.Td>
    </Table.Tr>
  );
}
