-- What MariaDB has besides.
CREATE TABLE legacy.aria (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, t TEXT) ENGINE=Aria TRANSACTIONAL=1
;;
INSERT INTO legacy.aria (t) VALUES ('one'), ('zwei ü'), (NULL)
;;
CREATE TABLE legacy.aria_plain (id INT, KEY (id)) ENGINE=Aria TRANSACTIONAL=0 ROW_FORMAT=FIXED
;;
INSERT INTO legacy.aria_plain VALUES (1), (1), (NULL)
;;
CREATE TABLE types.generated (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, doc JSON, price DECIMAL(10,2) NOT NULL,
  virt VARCHAR(50) GENERATED ALWAYS AS (JSON_VALUE(doc, '$.name')) VIRTUAL,
  kept DECIMAL(12,4) GENERATED ALWAYS AS (price * 1.19) STORED,
  uid UUID DEFAULT UUID(), addr INET6, hidden INT INVISIBLE DEFAULT 7,
  KEY virt (virt), CONSTRAINT positive CHECK (price >= 0)
) ENGINE=InnoDB
;;
INSERT INTO types.generated (doc, price, addr) VALUES ('{"name": "Zoë \\"Q\\" 😀", "n": [1, 2.50, null]}', 1.5, '2001:db8::1'), (NULL, 0, NULL), ('[]', 9.99, '::')
;;
INSERT INTO types.shapes VALUES (1, ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POLYGON((0 0,0 3,3 3,0 0))')), (2, NULL, NULL)
;;
CREATE TABLE types.compressed_column (id INT NOT NULL PRIMARY KEY, t TEXT COMPRESSED) ENGINE=InnoDB
;;
INSERT INTO types.compressed_column VALUES (1, REPEAT('compressed ', 300))
;;
CREATE SEQUENCE shop.invoice START WITH 1000 INCREMENT BY 5 MAXVALUE 999999 CACHE 10 CYCLE
;;
SELECT NEXTVAL(shop.invoice), SETVAL(shop.invoice, 2000)
;;
CREATE TABLE shop.invoices (id BIGINT NOT NULL DEFAULT (NEXT VALUE FOR shop.invoice) PRIMARY KEY, t VARCHAR(10)) ENGINE=InnoDB
;;
INSERT INTO shop.invoices (t) VALUES ('a'), ('b')
;;
SET SESSION sql_mode = 'ORACLE'
;;
CREATE PACKAGE shop.pkg AS
  FUNCTION twice(n INT) RETURN INT;
END;
;;
CREATE PACKAGE BODY shop.pkg AS
  FUNCTION twice(n INT) RETURN INT AS BEGIN RETURN 2 * n; END;
END;
;;
SET SESSION sql_mode = DEFAULT
;;
CREATE AGGREGATE FUNCTION shop.longest(x VARCHAR(50)) RETURNS VARCHAR(50) DETERMINISTIC
BEGIN
  DECLARE best VARCHAR(50) DEFAULT '';
  DECLARE CONTINUE HANDLER FOR NOT FOUND RETURN best;
  LOOP FETCH GROUP NEXT ROW; IF LENGTH(x) > LENGTH(best) THEN SET best = x; END IF; END LOOP;
END
;;
CREATE TRIGGER shop.customer_ins_2 BEFORE INSERT ON shop.customers FOR EACH ROW PRECEDES customer_ins SET NEW.email = LOWER(NEW.email)
;;
CREATE ROLE reader
;;
CREATE ROLE writer WITH ADMIN 'sandbox'@'%'
;;
GRANT SELECT ON shop.* TO reader
;;
GRANT INSERT, UPDATE, DELETE ON shop.* TO writer
;;
GRANT reader TO writer
;;
CREATE USER 'app'@'10.%' IDENTIFIED BY 'app password', 'app'@'192.0.2.0/255.255.255.0' IDENTIFIED BY PASSWORD '*B6E19C2D3DFDFEFB251E47CEBF80F6BA042CC7CE'
;;
GRANT writer TO 'app'@'10.%' WITH ADMIN OPTION
;;
SET DEFAULT ROLE writer FOR 'app'@'10.%'
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
SET SESSION sql_mode = 'ORACLE'
;;
GRANT EXECUTE ON PACKAGE shop.pkg TO 'app'@'10.%'
;;
SET SESSION sql_mode = DEFAULT
;;
GRANT SELECT, SHOW VIEW ON `sh\_p%`.* TO 'app'@'192.0.2.0/255.255.255.0'
;;
CREATE USER needs_tls@'%' IDENTIFIED BY 'x' REQUIRE SSL
;;
CREATE USER needs_cert@'%' IDENTIFIED BY 'x' REQUIRE SUBJECT '/CN=it''s me' AND ISSUER '/CN=ca' AND CIPHER 'AES256-SHA'
;;
CREATE USER locked@localhost IDENTIFIED VIA mysql_native_password USING '*B6E19C2D3DFDFEFB251E47CEBF80F6BA042CC7CE' OR unix_socket ACCOUNT LOCK
;;
CREATE USER expired@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE
;;
CREATE USER expires@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE INTERVAL 90 DAY
;;
CREATE USER proxied@'%' IDENTIFIED BY 'x'
;;
GRANT PROXY ON proxied@'%' TO 'app'@'10.%'
;;
GRANT SELECT ON empty_schema.* TO PUBLIC
