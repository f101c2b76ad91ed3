import { Loader, Stack, Table } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import { auditQuery, pageSize } from '../../api/queries';
import { Page } from '../../app/Shell';
import { Ago } from '../../ui/Ago';
import { PageTurner } from '../../ui/Pages';
import { Lesson, Problem } from '../../ui/Problem';

/** Who did what, newest first. */
export default function Audit() {
  const [params, setParams] = useSearchParams();
  const asked = Number.parseInt(params.get('page') ?? '', 10);
  const page = asked > 0 ? asked : 0;
  const { data, error, refetch } = useQuery(auditQuery(page));
  return (
    <Page title="Audit">
      <Stack>
        {error && <Problem error={error} retry={() => void refetch()} />}
        {!data && !error && <Loader aria-label="The audit is being read" />}
        {data?.length === 0 && <Lesson title="Nothing here" text="Everything that changes something is written here: who asked, for what, on which host." />}
        {data && data.length > 0 && (
          <Table.ScrollContainer minWidth={720}>
            <Table verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  {['When', 'What', 'Where', 'Who', 'Message'].map((h) => (
                    <Table.Th key={h}>{h}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.map((row) => (
                  <Table.Tr key={row.AuditID}>
                    <Table.Td>
                      <Ago time={row.AuditTimestamp} />
                    </Table.Td>
                    <Table.Td>{row.AuditType}</Table.Td>
                    <Table.Td>{row.AuditInstanceKey}</Table.Td>
                    <Table.Td>{row.User || 'the service'}</Table.Td>
                    <Table.Td style={{ overflowWrap: 'anywhere' }}>{row.Message}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        )}
        {data && <PageTurner page={page} full={data.length === pageSize} change={(p) => setParams(p ? { page: String(p) } : {})} />}
      </Stack>
    </Page>
  );
}
