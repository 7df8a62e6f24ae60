package m0

previous := object.get(input, ["costEstimation", "previousMonthlyCost"], 0)

delta := input.costEstimation.totalMonthlyCost - previous

percent := (delta / previous) * 100

pending contains sprintf("costs grow by %.1f%% (%v)", [percent, delta]) if percent > 10

warn contains sprintf("costs move by %v, rounded %d, up %d, down %d", [delta, round(delta), ceil(delta), floor(delta)]) if delta != 0

warn contains sprintf("a year: %v", [sum([m | some _ in numbers.range(1, 12); m := input.costEstimation.totalMonthlyCost])])

warn contains sprintf("third: %v", [input.costEstimation.totalMonthlyCost / 3])

allow contains "no more than before" if delta <= 0
