package agentapi

// HeaderSeedTerms carries SeedTerms, as JSON in base64 (URL alphabet, no padding), with the starts of Prepare and Backup to
// agents that name AbilityStream.
const HeaderSeedTerms = "X-Seed-Terms"

// HeaderOldData stands in the answer to release-seed: what became of the target's old data, a word of OldData. It is missing
// where nothing was said of it.
const HeaderOldData = "X-Seed-Old-Data"

// AbilityStream: the agent takes SeedTerms and `bandwidth`, and as the target of a method whose backup runs on the source
// it takes part in Backup: its state there is that of the receiving end.
const AbilityStream = "stream"

// SeedTerms is what our service tells our agents of a seed beside what the v2 calls say. It is never logged: it holds the
// stream's secret.
type SeedTerms struct {
	// Secret is 64 hex digits made for this one stream: the same in Prepare and in the Backup that follows it, on both sides.
	// "": the other agent is not ours, and data goes over the plain stream of socat.
	Secret          string `json:",omitempty"`
	PeerHost        string // the other host's registered name
	DataPort        int    `json:",omitempty"` // the target's data port; 0: the agent's own seed-port
	SourceMySQLPort int    `json:",omitempty"`
	SourceBytes     int64  `json:",omitempty"` // the source's data directory on disk; 0 unknown
	// Bandwidth is in bytes a second, 0 for no bound; nil: as the agent's configuration says.
	Bandwidth *int64 `json:",omitempty"`
}

// OldData says what became of the data that a target held before the seed. "": nothing was said yet.
type OldData string

const (
	OldDataInPlace OldData = "in-place" // untouched, MySQL's own
	OldDataAside   OldData = "aside"    // kept beside the new data until that is proven
	OldDataPutBack OldData = "put-back" // MySQL's own again, after the seed ended badly
	OldDataRemoved OldData = "removed"  // removed after the new data was proven
	OldDataErased  OldData = "erased"   // erased before the new data was proven
)

// OldDatas is every word of OldData.
var OldDatas = []OldData{OldDataInPlace, OldDataAside, OldDataPutBack, OldDataRemoved, OldDataErased}

// ParseOldData returns the word of that exact name, or an error that contains the unknown word.
func ParseOldData(s string) (OldData, error) { return parse(OldDatas, "state of the old data", s) }
