-- MySQL dump 10.13  Distrib 8.4.4, for Linux (x86_64)
--
-- GTID state at the beginning of the backup 
--

/* SET @@GLOBAL.GTID_PURGED='+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:backup:1-3,
4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77';*/

--
-- Position to start replication or point-in-time recovery from
--

-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=158;
