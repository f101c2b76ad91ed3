-- MySQL dump 10.13  Distrib 5.7.44, for Linux (x86_64)
--
-- GTID state at the beginning of the backup 
--

SET @@GLOBAL.GTID_PURGED='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7-9,
4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77,
5e11fa47-71ca-11e1-9e33-c80aa9429562:1';

--
-- Position to start replication or point-in-time recovery from
--

-- CHANGE MASTER TO MASTER_LOG_FILE='binlog.000012', MASTER_LOG_POS=4294967297;
