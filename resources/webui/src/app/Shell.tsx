import { ActionIcon, Anchor, AppShell, Badge, Burger, Group, NavLink, Text, Title, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconClipboardList, IconHeartbeat, IconMoon, IconSeeding, IconServer, IconSun } from '@tabler/icons-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { NavLink as RouterLink, useLocation } from 'react-router';

import { useConnection } from './live';

const places = [
  { to: '/seeds', label: 'Seeds', icon: IconSeeding },
  { to: '/agents', label: 'Agents', icon: IconServer },
  { to: '/audit', label: 'Audit', icon: IconClipboardList },
  { to: '/status', label: 'Status', icon: IconHeartbeat },
];

/** What stands around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const [open, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 180, breakpoint: 'sm', collapsed: { mobile: !open } }} padding="md">
      <a className="skip" href="#content">
        Skip to the page
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <Text fw={700} component="span">
              orchestrator-seed
            </Text>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ConnectionBadge />
            <SchemeButton />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        {places.map(({ to, label, icon: Icon }) => (
          <NavLink key={to} component={RouterLink} to={to} label={label} leftSection={<Icon size={18} aria-hidden />} active={pathname.startsWith(to)} />
        ))}
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1}>
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

/** Whether what is shown is live. */
function ConnectionBadge() {
  const state = useConnection();
  const said = {
    live: { color: 'green', word: 'live', why: 'Changes are shown as they happen.' },
    connecting: { color: 'gray', word: 'connecting', why: 'The stream of changes is being opened.' },
    stale: { color: 'orange', word: 'stale', why: 'The service gives no sign of life: what is shown may be out of date. It is tried again.' },
  }[state];
  return (
    <Tooltip label={said.why} multiline w={260}>
      <Badge color={said.color} variant="light" role="status" autoContrast tt="none">
        {said.word}
      </Badge>
    </Tooltip>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme('light') === 'dark';
  return (
    <ActionIcon variant="default" aria-label={dark ? 'Light colours' : 'Dark colours'} onClick={() => setColorScheme(dark ? 'light' : 'dark')}>
      {dark ? <IconSun size={18} aria-hidden /> : <IconMoon size={18} aria-hidden />}
    </ActionIcon>
  );
}

/** Page gives a page its title, in the tab and as its heading, which gets the focus when one comes from another page. */
export function Page({ title, actions, children }: { title: string; actions?: ReactNode; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - orchestrator-seed`;
  }, [title]);
  useEffect(() => {
    if (document.activeElement && document.activeElement !== document.body) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h3" ref={heading} tabIndex={-1}>
          {title}
        </Title>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </>
  );
}

/** A link to another page of the console. */
export function Link({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Anchor component={RouterLink} to={to} inherit>
      {children}
    </Anchor>
  );
}
