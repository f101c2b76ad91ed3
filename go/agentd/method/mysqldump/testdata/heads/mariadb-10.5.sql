-- MariaDB dump 10.19  Distrib 10.5.23-MariaDB, for Linux (x86_64)

--
-- GTID to start replication from
--

-- CHANGE MASTER TO MASTER_USE_GTID=slave_pos;
-- SET GLOBAL gtid_slave_pos='0-1-100,1-2-33';

--
-- Position to start replication or point-in-time recovery from
--

-- CHANGE MASTER TO MASTER_LOG_FILE='mariadb-bin.000001', MASTER_LOG_POS=342;
