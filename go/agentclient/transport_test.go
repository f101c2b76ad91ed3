package agentclient

import "testing"

func TestKeptConnectionsLeaveDescriptorsForOtherThings(t *testing.T) {
	for descriptors, want := range map[uint64]int{0: 64, 256: 128, 1024: 512, 1 << 15: 16384, ^uint64(0): 16384} {
		if got := idleConns(descriptors); got != want {
			t.Errorf("%d descriptors: %d connections are kept, want %d", descriptors, got, want)
		}
	}
	if descriptors() == 0 {
		t.Error("the limit of this process could not be read")
	}
}
