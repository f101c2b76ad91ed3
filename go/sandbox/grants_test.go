package sandbox

import "testing"

func TestColumnsOfAGrantAreComparedInOneOrder(t *testing.T) {
	a := "GRANT SELECT (`id`, `name`), UPDATE (`b`, `a`) ON `shop`.`t` TO `x`@`%`"
	b := "GRANT SELECT (`name`, `id`), UPDATE (`a`, `b`) ON `shop`.`t` TO `x`@`%`"
	if sortColumns(a) != sortColumns(b) {
		t.Errorf("%s\n%s", sortColumns(a), sortColumns(b))
	}
	if c := "GRANT SELECT (`id`), UPDATE (`b`, `a`) ON `shop`.`t` TO `x`@`%`"; sortColumns(a) == sortColumns(c) {
		t.Error("grants that differ look alike")
	}
}
