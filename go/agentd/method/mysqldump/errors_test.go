package mysqldump

import (
	"errors"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentd/method"
)

func TestAFullDiskOfTheTargetIsToldFromOtherErrors(t *testing.T) {
	for _, c := range []struct {
		number uint16
		text   string
		code   string
	}{
		{1005, "Can't create table `parts`.`by_range` (errno: 135 \"No more room in record file\")", CodeDiskFull},
		{1005, "Can't create table `a`.`b` (errno: 28 \"No space left on device\")", CodeDiskFull},
		{1030, "Got error 28 \"No space left on device\" from storage engine InnoDB", CodeDiskFull},
		{1030, "Got error 135 - 'No more room in record file' from storage engine", CodeDiskFull},
		{1114, "The table 't' is full", CodeDiskFull},
		{3, "Error writing file '/tmp/x' (Errcode: 28 \"No space left on device\")", CodeDiskFull},
		{1005, "Can't create table `a`.`b` (errno: 150 \"Foreign key constraint is incorrectly formed\")", CodeLoad},
		{1062, "Duplicate entry '28' for key 'PRIMARY'", CodeLoad},
		{1030, "Got error 1 \"Operation not permitted\" from storage engine Aria", CodeLoad},
	} {
		var stage *method.StageError
		err := loadError(&mysql.MySQLError{Number: c.number, Message: c.text}, "loading")
		if !errors.As(err, &stage) || stage.Code != c.code || stage.Hint == "" {
			t.Errorf("%d %s: %#v, must be %s", c.number, c.text, stage, c.code)
		}
	}
}
