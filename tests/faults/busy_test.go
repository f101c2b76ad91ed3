package faults

// brokenLine are faults 12 to 15.
func brokenLine(*kit) []faultCase { return nil }

func stillTools(*kit) []faultCase { return nil }

func sourceBusy(*kit) []faultCase { return nil }

func lateCommands(*kit) []faultCase { return nil }

func shapes(*kit) []faultCase { return nil }
