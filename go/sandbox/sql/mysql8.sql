-- What MySQL has from 8.0 on.
CREATE TABLE types.generated (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, doc JSON, price DECIMAL(10,2) NOT NULL,
  virt VARCHAR(50) GENERATED ALWAYS AS (doc->>'$.name') VIRTUAL,
  kept DECIMAL(12,4) GENERATED ALWAYS AS (price * 1.19) STORED,
  uid BINARY(16) DEFAULT (UUID_TO_BIN(UUID())), hidden INT DEFAULT 7 INVISIBLE, tags JSON DEFAULT (JSON_ARRAY('a')),
  KEY virt (virt), KEY functional ((price * 2)), KEY many ((CAST(tags->'$[*]' AS CHAR(10) ARRAY))), KEY unseen (kept) INVISIBLE, KEY down (price DESC),
  CONSTRAINT positive CHECK (price >= 0), CONSTRAINT loose CHECK (price < 1000) NOT ENFORCED
) ENGINE=InnoDB
;;
INSERT INTO types.generated (doc, price) VALUES ('{"name": "Zoë \\"Q\\" 😀", "n": [1, 2.50, null, 12345678901234567890]}', 1.5), (NULL, 0), ('[]', 9.99)
;;
INSERT INTO types.shapes VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POLYGON((0 0,0 3,3 3,0 0))', 4326)), (2, NULL, NULL)
;;
CREATE TABLE types.srid (id INT NOT NULL PRIMARY KEY, p POINT NOT NULL SRID 4326, SPATIAL KEY p (p)) ENGINE=InnoDB
;;
INSERT INTO types.srid VALUES (1, ST_GeomFromText('POINT(48 11)', 4326))
;;
CREATE TABLE types.vectors (id INT NOT NULL PRIMARY KEY, v VECTOR(4)) ENGINE=InnoDB
;;
INSERT INTO types.vectors VALUES (1, STRING_TO_VECTOR('[1, 0.1, -3.5, 1e10]')), (2, NULL)
;;
CREATE TRIGGER shop.customer_ins_2 BEFORE INSERT ON shop.customers FOR EACH ROW PRECEDES customer_ins SET NEW.email = LOWER(NEW.email)
;;
CREATE DATABASE `read only later`
;;
CREATE TABLE `read only later`.t (id INT NOT NULL PRIMARY KEY)
;;
CREATE ROLE reader, writer
;;
GRANT SELECT ON shop.* TO reader
;;
GRANT INSERT, UPDATE, DELETE ON shop.* TO writer
;;
GRANT reader TO writer
;;
CREATE USER 'app'@'10.%' IDENTIFIED BY 'app password' PASSWORD HISTORY 3 PASSWORD REUSE INTERVAL 90 DAY FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME 2
  COMMENT 'it''s "the" app'
;;
CREATE USER 'app'@'192.0.2.0/255.255.255.0' IDENTIFIED BY 'other password'
;;
GRANT writer, reader TO 'app'@'10.%' WITH ADMIN OPTION
;;
ALTER USER 'app'@'10.%' DEFAULT ROLE writer
;;
CREATE USER 'o''dd "user" ü'@'%' IDENTIFIED BY 'pass''"\\wörd' WITH MAX_QUERIES_PER_HOUR 1000 MAX_USER_CONNECTIONS 5
;;
GRANT SELECT (id, name), UPDATE (name) ON shop.customers TO 'o''dd "user" ü'@'%'
;;
GRANT SELECT ON `odd ``name``, "it's" a.b;-/c`.* TO 'o''dd "user" ü'@'%' WITH GRANT OPTION
;;
GRANT EXECUTE ON PROCEDURE shop.`raise prices` TO 'app'@'10.%'
;;
GRANT EXECUTE ON FUNCTION shop.with_tax TO reader
;;
GRANT SELECT, SHOW VIEW ON `sh\_p%`.* TO 'app'@'192.0.2.0/255.255.255.0'
;;
GRANT BACKUP_ADMIN, CLONE_ADMIN ON *.* TO 'app'@'192.0.2.0/255.255.255.0'
;;
CREATE USER needs_tls@'%' IDENTIFIED BY 'x' REQUIRE SSL
;;
CREATE USER needs_cert@'%' IDENTIFIED BY 'x' REQUIRE SUBJECT '/CN=it''s me' AND ISSUER '/CN=ca' AND CIPHER 'AES256-SHA'
;;
CREATE USER locked@localhost IDENTIFIED BY 'x' ACCOUNT LOCK
;;
CREATE USER expired@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE
;;
CREATE USER expires@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 90 DAY
;;
CREATE USER proxied@'%' IDENTIFIED BY 'x'
;;
GRANT PROXY ON proxied@'%' TO 'app'@'10.%'
