-- Objects that every server takes. Statements end with a line of two semicolons.
SET NAMES utf8mb4
;;
CREATE DATABASE empty_schema DEFAULT CHARACTER SET latin1
;;
CREATE DATABASE shop DEFAULT CHARACTER SET utf8mb4
;;
CREATE TABLE shop.customers (
  id INT UNSIGNED NOT NULL AUTO_INCREMENT,
  name VARCHAR(100) NOT NULL COMMENT 'it''s a "name" \\ 名前',
  email VARCHAR(120) CHARACTER SET ascii DEFAULT NULL,
  favourite BIGINT DEFAULT NULL,
  created TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  changed DATETIME(3) DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (id), UNIQUE KEY email (email), KEY name_prefix (name(10))
) ENGINE=InnoDB AUTO_INCREMENT=1000 COMMENT='customers; with a semicolon'
;;
CREATE TABLE shop.orders (
  id BIGINT NOT NULL AUTO_INCREMENT,
  customer_id INT UNSIGNED NOT NULL,
  total DECIMAL(12,2) NOT NULL DEFAULT '0.00',
  state ENUM('new','paid','it''s sent','zurück') NOT NULL DEFAULT 'new',
  flags SET('gift','express','größe') NOT NULL DEFAULT '',
  PRIMARY KEY (id), KEY customer (customer_id, state),
  CONSTRAINT order_customer FOREIGN KEY (customer_id) REFERENCES shop.customers (id) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=7000000000
;;
ALTER TABLE shop.customers ADD CONSTRAINT favourite_order FOREIGN KEY (favourite) REFERENCES shop.orders (id) ON DELETE SET NULL
;;
CREATE TABLE shop.categories (
  id INT NOT NULL PRIMARY KEY,
  parent INT DEFAULT NULL,
  name VARCHAR(50) NOT NULL,
  FULLTEXT KEY words (name),
  CONSTRAINT own_parent FOREIGN KEY (parent) REFERENCES shop.categories (id)
) ENGINE=InnoDB
;;
CREATE TABLE shop.audit (
  at DATETIME NOT NULL, who VARCHAR(93) NOT NULL, what TEXT, KEY (at)
) ENGINE=InnoDB COMMENT='no primary key, and rows that are there twice'
;;
CREATE TRIGGER shop.customer_ins BEFORE INSERT ON shop.customers FOR EACH ROW
SET NEW.name = TRIM(NEW.name)
;;
CREATE TRIGGER shop.order_upd AFTER UPDATE ON shop.orders FOR EACH ROW
BEGIN
  -- a comment; with a semicolon
  IF NEW.state <> OLD.state THEN
    INSERT INTO shop.audit VALUES ('2020-01-01 00:00:00', 'trigger', CONCAT(OLD.state, ' -> ', NEW.state, ' «ü»'));
  END IF;
END
;;
CREATE TRIGGER shop.order_del BEFORE DELETE ON shop.orders FOR EACH ROW
INSERT INTO shop.audit VALUES ('2020-01-01 00:00:00', 'trigger', 'deleted')
;;
INSERT INTO shop.customers (name, email) VALUES (' Ada ', 'ada@example.com'), ('Zoë 😀', 'zoe@example.com'), ('O''Hara "Q" \\ %', NULL),
  ('行\n改', NULL), ('', 'empty@example.com')
;;
INSERT INTO shop.orders (customer_id, total, state, flags)
SELECT id, id * 1.25, 'new', 'gift,größe' FROM shop.customers
;;
UPDATE shop.orders SET state = 'it''s sent' WHERE customer_id < 1003
;;
UPDATE shop.customers SET favourite = (SELECT MIN(id) FROM shop.orders WHERE customer_id = customers.id)
;;
INSERT INTO shop.audit VALUES ('2020-02-02 02:02:02', 'twice', 'same'), ('2020-02-02 02:02:02', 'twice', 'same'), ('2020-02-02 02:02:02', 'none', NULL)
;;
INSERT INTO shop.categories VALUES (1, NULL, 'all'), (2, 1, 'some words'), (3, 2, 'größere Wörter')
;;
CREATE VIEW shop.a_on_top AS SELECT 1 AS placeholder
;;
CREATE ALGORITHM=MERGE DEFINER='sandbox'@'%' SQL SECURITY INVOKER VIEW shop.z_base AS
SELECT c.id, c.name, COUNT(o.id) AS `number of orders` FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id GROUP BY c.id, c.name
;;
CREATE OR REPLACE VIEW shop.a_on_top AS SELECT id, CONCAT(name, ' ☃') AS `näme` FROM shop.z_base WHERE `number of orders` > 0
;;
CREATE VIEW shop.only_paid AS SELECT id, state FROM shop.orders WHERE state = 'paid' WITH CASCADED CHECK OPTION
;;
CREATE DEFINER='sandbox'@'%' PROCEDURE shop.`raise prices`(IN percent INT, OUT n INT, INOUT note VARCHAR(40) CHARACTER SET utf8mb4)
  MODIFIES SQL DATA SQL SECURITY INVOKER COMMENT 'it''s; a comment'
BEGIN
  DECLARE done INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION SET n = -1;
  UPDATE shop.orders SET total = total * (100 + percent) / 100;
  SET n = ROW_COUNT(), note = 'é;"\\';
END
;;
CREATE FUNCTION shop.with_tax(amount DECIMAL(12,2)) RETURNS DECIMAL(12,2) DETERMINISTIC NO SQL RETURN amount * 1.19
;;
CREATE DEFINER='left_the_company'@'10.0.0.1' PROCEDURE shop.orphan() SELECT 'its definer does not exist'
;;
SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'
;;
CREATE FUNCTION shop.ansi(a VARCHAR(20)) RETURNS VARCHAR(60) DETERMINISTIC NO SQL RETURN a || ' "quoted" ' || a
;;
CREATE PROCEDURE shop."ansi names"() SELECT "name" FROM "shop"."customers"
;;
SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES'
;;
CREATE FUNCTION shop.backslashes() RETURNS VARCHAR(20) DETERMINISTIC NO SQL RETURN 'C:\dir\'
;;
SET SESSION sql_mode = ''
;;
CREATE EVENT shop.nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' ON COMPLETION PRESERVE ENABLE
  COMMENT 'enabled' DO DELETE FROM shop.audit WHERE at < '2000-01-01'
;;
CREATE EVENT shop.switched_off ON SCHEDULE EVERY 2 HOUR STARTS '2037-01-01 00:00:00' ENDS '2037-06-01 00:00:00' DISABLE DO
BEGIN
  DELETE FROM shop.audit WHERE who = 'nobody';
  SELECT 1;
END
;;
CREATE DATABASE legacy DEFAULT CHARACTER SET latin1 COLLATE latin1_german1_ci
;;
CREATE TABLE legacy.myisam (
  id INT NOT NULL AUTO_INCREMENT, grp INT NOT NULL, t VARCHAR(60), b BLOB, PRIMARY KEY (grp, id), FULLTEXT KEY t (t)
) ENGINE=MyISAM ROW_FORMAT=DYNAMIC CHECKSUM=1
;;
INSERT INTO legacy.myisam (grp, t, b) VALUES (1, 'first words', 'x'), (1, 'second', NULL), (2, 'ß ü ÿ', '')
;;
CREATE TABLE legacy.zero_dates (d DATE NOT NULL DEFAULT '0000-00-00', dt DATETIME DEFAULT '0000-00-00 00:00:00', partly DATE) ENGINE=InnoDB
;;
INSERT INTO legacy.zero_dates VALUES ('0000-00-00', DEFAULT, DEFAULT), ('0000-00-00', NULL, '2020-00-00'), ('2020-02-30', '2020-01-01', '2021-01-00')
;;
CREATE TABLE legacy.zero_id (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t CHAR(5)) ENGINE=InnoDB
;;
SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'
;;
INSERT INTO legacy.zero_id VALUES (0, 'zero'), (1, 'one'), (5, 'five')
;;
SET SESSION sql_mode = DEFAULT
;;
CREATE TABLE legacy.memory (id INT PRIMARY KEY, t VARCHAR(10)) ENGINE=MEMORY
;;
CREATE TABLE legacy.charsets (
  l VARCHAR(20) CHARACTER SET latin1, u2 VARCHAR(20) CHARACTER SET ucs2, u16 VARCHAR(20) CHARACTER SET utf16,
  u3 VARCHAR(20) CHARACTER SET utf8, u4 VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, sj VARCHAR(20) CHARACTER SET sjis,
  c CHAR(10) CHARACTER SET cp1251
) ENGINE=InnoDB
;;
INSERT INTO legacy.charsets VALUES ('äöüßÿ', 'äß語', '語😀', '語ä', '😀語', '日本語', 'привет'), ('', NULL, '', ' trailing ', 'tab\t', '\\', '''')
;;
CREATE DATABASE types DEFAULT CHARACTER SET utf8mb4
;;
CREATE TABLE types.numbers (
  id INT NOT NULL PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, m MEDIUMINT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED,
  z INT(8) UNSIGNED ZEROFILL, d DECIMAL(65,30), f FLOAT, db DOUBLE, b1 BIT(1), b64 BIT(64), y YEAR, bo BOOLEAN
) ENGINE=InnoDB
;;
INSERT INTO types.numbers VALUES
  (1, -128, 0, -32768, 0, -9223372036854775808, 0, 0, -99999999999999999999999999999999999.999999999999999999999999999999, -3.402823e38, -1.7976931348623157e308, 0, 0, 1901, 0),
  (2, 127, 255, 32767, 16777215, 9223372036854775807, 18446744073709551615, 42, 99999999999999999999999999999999999.999999999999999999999999999999, 3.402823e38, 1.7976931348623157e308, 1, 18446744073709551615, 2155, 1),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (4, 1, 1, 1, 1, 1, 1, 1, 0.000000000000000000000000000001, 1/3, 1/3, 0, 128, 0, 1),
  (5, 1, 1, 1, 1, 1, 1, 1, 1, 0.1, 2.2250738585072014e-308, 0, 39, 2000, 1),
  (6, 0, 0, 0, 0, 0, 0, 0, 0, 16777217, 0.1, 1, 10, 1970, 0)
;;
CREATE TABLE types.times (
  id INT NOT NULL PRIMARY KEY, d DATE, t TIME, t6 TIME(6), dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL DEFAULT NULL, ts3 TIMESTAMP(3) NULL DEFAULT NULL
) ENGINE=InnoDB
;;
INSERT INTO types.times VALUES
  (1, '1000-01-01', '-838:59:59', '-838:59:58.999999', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-02 00:00:01', '2038-01-18 03:14:07.999'),
  (2, '9999-12-31', '838:59:59', '00:00:00.000001', '2024-02-29 12:00:00', '2024-03-31 02:30:00.5', '2024-03-31 01:30:00', '2024-10-27 00:30:00.5'),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
;;
CREATE TABLE types.strings (
  id INT NOT NULL PRIMARY KEY, c CHAR(10), v VARCHAR(300), b BINARY(8), vb VARBINARY(300), tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB,
  tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT
) ENGINE=InnoDB
;;
INSERT INTO types.strings VALUES
  (1, '', '', '', '', '', '', '', '', '', '', '', ''),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, 'a  ', 'line\nreturn\rtab\tnul\0ctrlz\Zend\\n', '\0\0a\0', x'00FF0A0D1A275C22', x'00', x'FF', x'0A', x'1A', '''', '"', '`', 'NULL'),
  (4, '\\N', ' -- not a comment', 'abc', 'abc ', 'a', 'b', 'c', 'd', '/* */', '; DROP', '$$', '😀')
;;
CREATE TABLE types.shapes (id INT NOT NULL PRIMARY KEY, p POINT, g GEOMETRY) ENGINE=InnoDB
;;
CREATE TABLE types.row_compressed (id INT NOT NULL PRIMARY KEY, t TEXT) ENGINE=InnoDB ROW_FORMAT=COMPACT
;;
INSERT INTO types.row_compressed VALUES (1, REPEAT('compact ', 500))
;;
CREATE DATABASE parts
;;
CREATE TABLE parts.by_range (id INT NOT NULL, at DATE NOT NULL, t VARCHAR(20), PRIMARY KEY (id, at)) ENGINE=InnoDB
PARTITION BY RANGE (YEAR(at)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
 (PARTITION p2019 VALUES LESS THAN (2020), PARTITION p2020 VALUES LESS THAN (2021) COMMENT = 'it''s 2020', PARTITION later VALUES LESS THAN MAXVALUE)
;;
INSERT INTO parts.by_range VALUES (1, '2018-01-01', 'a'), (2, '2020-06-01', 'b'), (3, '2030-01-01', 'c'), (4, '2019-12-31', NULL)
;;
CREATE TABLE parts.by_list (id INT NOT NULL, c VARCHAR(10) NOT NULL) ENGINE=InnoDB
PARTITION BY LIST COLUMNS (c) (PARTITION north VALUES IN ('no', 'fi'), PARTITION south VALUES IN ('it', 'es'))
;;
INSERT INTO parts.by_list VALUES (1, 'no'), (2, 'it'), (3, 'es')
;;
CREATE TABLE parts.by_key (id INT NOT NULL PRIMARY KEY, t VARCHAR(20)) ENGINE=InnoDB PARTITION BY KEY (id) PARTITIONS 3
;;
INSERT INTO parts.by_key VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd'), (5, 'e')
;;
CREATE DATABASE `odd ``name``, "it's" a.b;-/c` DEFAULT CHARACTER SET utf8mb4
;;
CREATE TABLE `odd ``name``, "it's" a.b;-/c`.`table ``x``. "y" 'z';/\` (
  `col ``1``. "2" '3'` INT NOT NULL, `select` VARCHAR(10), ` leading` INT, PRIMARY KEY (`col ``1``. "2" '3'`), KEY `key ``k``` (`select`)
) ENGINE=InnoDB COMMENT='`"''\\'
;;
INSERT INTO `odd ``name``, "it's" a.b;-/c`.`table ``x``. "y" 'z';/\` VALUES (1, 'one', 1), (2, '`"''\\', NULL)
;;
CREATE VIEW `odd ``name``, "it's" a.b;-/c`.`view 'v'` AS SELECT `select` FROM `odd ``name``, "it's" a.b;-/c`.`table ``x``. "y" 'z';/\`
;;
CREATE TRIGGER `odd ``name``, "it's" a.b;-/c`.`trig ``'"` BEFORE INSERT ON `odd ``name``, "it's" a.b;-/c`.`table ``x``. "y" 'z';/\`
FOR EACH ROW SET NEW.`select` = 'set'
;;
CREATE DATABASE `größe 日本`
;;
CREATE TABLE `größe 日本`.`テーブル` (`ключ` INT NOT NULL AUTO_INCREMENT PRIMARY KEY, `wert ü` VARCHAR(20) DEFAULT 'ß語') DEFAULT CHARACTER SET utf8mb4
;;
INSERT INTO `größe 日本`.`テーブル` (`wert ü`) VALUES ('ä'), ('😀'), (DEFAULT)
;;
CREATE FUNCTION `größe 日本`.`функция`(`ä` INT) RETURNS INT DETERMINISTIC NO SQL RETURN `ä` + 1
;;
CREATE TABLE `größe 日本`.`between schemas` (id INT UNSIGNED NOT NULL PRIMARY KEY,
  CONSTRAINT across FOREIGN KEY (id) REFERENCES shop.customers (id)) ENGINE=InnoDB
;;
INSERT INTO `größe 日本`.`between schemas` SELECT id FROM shop.customers
