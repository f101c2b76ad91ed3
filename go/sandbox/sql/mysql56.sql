-- What MySQL 5.6 has, or says, in its own way.
INSERT INTO types.shapes SELECT 1, GeomFromText('POINT(1 2)'), GeomFromText('POLYGON((0 0,0 3,3 3,0 0))')
;;
CREATE USER 'app'@'10.%' IDENTIFIED BY 'app password'
;;
GRANT INSERT, UPDATE, DELETE ON shop.* TO 'app'@'10.%' WITH GRANT OPTION
;;
CREATE USER 'o''dd "us" ü'@'%' IDENTIFIED BY 'pass''"\\wörd'
;;
GRANT USAGE ON *.* TO 'o''dd "us" ü'@'%' WITH MAX_QUERIES_PER_HOUR 1000 MAX_USER_CONNECTIONS 5
;;
GRANT SELECT (id, name), UPDATE (name) ON shop.customers TO 'o''dd "us" ü'@'%'
;;
GRANT SELECT ON `odd ``name``, "it's" a.b;-/c`.* TO 'o''dd "us" ü'@'%' WITH GRANT OPTION
;;
GRANT EXECUTE ON PROCEDURE shop.`raise prices` TO 'app'@'10.%'
;;
GRANT EXECUTE ON FUNCTION shop.with_tax TO 'app'@'10.%'
;;
GRANT SELECT, SHOW VIEW ON `sh\_p%`.* TO 'app'@'10.%'
;;
CREATE USER needs_tls@'%' IDENTIFIED BY 'x'
;;
GRANT USAGE ON *.* TO needs_tls@'%' REQUIRE SSL
;;
CREATE USER needs_cert@'%' IDENTIFIED BY 'x'
;;
GRANT USAGE ON *.* TO needs_cert@'%' REQUIRE SUBJECT '/CN=it''s me' AND ISSUER '/CN=ca' AND CIPHER 'AES256-SHA'
;;
CREATE USER expired@localhost IDENTIFIED BY 'x'
;;
ALTER USER expired@localhost PASSWORD EXPIRE
;;
CREATE USER proxied@'%' IDENTIFIED BY 'x'
;;
GRANT PROXY ON proxied@'%' TO 'app'@'10.%'
