package lvm

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/orchestrator-seed/orchestrator-seed/go/agentapi"
)

// columns are what is asked of lvs. What an older lvs does not know must not be among them.
const columns = "lv_name,vg_name,lv_path,lv_time,lv_attr,lv_size,origin,snap_percent,data_percent,metadata_percent,pool_lv,lv_kernel_major,lv_kernel_minor,vg_free"

func listCommand() []string {
	return []string{"lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "-o", columns}
}

// volume is one logical volume as lvs shows it.
type volume struct {
	Name, Group, Path string
	Created           time.Time
	Attr              string
	Size              int64
	Origin            string
	Percent           float64 // of a snapshot, or of a thin volume's or pool's data
	MetaPercent       float64
	Pool              string
	Device            string // major:minor; "" when it is not active
	GroupFree         int64
}

func (v volume) snapshot() bool { return v.Origin != "" }

func (v volume) thin() bool { return v.Pool != "" }

// invalid is what lvs shows of a snapshot that got full, in the fifth letter of its attributes.
func (v volume) invalid() bool {
	return len(v.Attr) > 4 && strings.ContainsRune("ISmM", rune(v.Attr[4]))
}

// failed is what lvs shows of a pool without room, and of a volume with a missing disk, in the ninth letter.
func (v volume) failed() bool {
	return len(v.Attr) > 8 && strings.ContainsRune("FDMpX", rune(v.Attr[8]))
}

func (v volume) fact(filter string) agentapi.LogicalVolume {
	return agentapi.LogicalVolume{
		Name: v.Name, GroupName: v.Group, Path: v.Path, IsSnapshot: v.snapshot() && strings.Contains(v.Name, filter), SnapshotPercent: v.Percent, CreatedAt: v.Created,
	}
}

// parseReport reads lvs's JSON: numbers are text, and "" where there is none.
func parseReport(text string) ([]volume, error) {
	var report struct {
		Report []struct {
			LV []map[string]string `json:"lv"`
		} `json:"report"`
	}
	if at := strings.IndexByte(text, '{'); at > 0 {
		text = text[at:] // warnings before it
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		return nil, fmt.Errorf("lvs printed no report: %w", err)
	}
	if report.Report == nil {
		return nil, errors.New("lvs printed no report")
	}
	volumes := []volume{}
	for _, r := range report.Report {
		for _, f := range r.LV {
			if f["lv_name"] == "" || f["vg_name"] == "" {
				return nil, errors.New("lvs printed a volume without a name")
			}
			volumes = append(volumes, parseVolume(f))
		}
	}
	return volumes, nil
}

func parseVolume(f map[string]string) volume {
	v := volume{
		Name: f["lv_name"], Group: f["vg_name"], Path: f["lv_path"], Attr: f["lv_attr"], Origin: f["origin"], Pool: f["pool_lv"],
		Size: bytes(f["lv_size"]), GroupFree: bytes(f["vg_free"]), Percent: percent(f["data_percent"]), MetaPercent: percent(f["metadata_percent"]),
	}
	if f["snap_percent"] != "" {
		v.Percent = percent(f["snap_percent"])
	}
	if major := f["lv_kernel_major"]; major != "" && !strings.HasPrefix(major, "-") {
		v.Device = major + ":" + f["lv_kernel_minor"]
	}
	v.Created = parseTime(f["lv_time"])
	return v
}

// parseTime reads the time of creation in lvs's own format or, where lvm.conf asks for that, in seconds.
func parseTime(s string) time.Time {
	if at, err := time.Parse("2006-01-02 15:04:05 -0700", s); err == nil {
		return at.UTC()
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		return time.Unix(n, 0).UTC()
	}
	return time.Time{}
}

func bytes(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSuffix(s, "B"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func percent(s string) float64 {
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n != n || n < 0 || n > 1e6 {
		return 0
	}
	return n
}
