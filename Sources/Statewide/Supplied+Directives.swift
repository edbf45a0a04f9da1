/// The acts of the Department.
extension Supplied {
    func writeDirectives(_ file: inout TableFile) throws {
        let first = 1 + state.districts.count
        // The mean of both subjects and spans, in hundredths so that ties are rare; a tie goes to the lower code.
        let ranked = state.schools.indices
            .compactMap { index -> (school: Int, score: Int)? in
                var sum = Sum()
                for high in [false, true] {
                    sum += tally[first + index, 2, high, 0, .ela]
                    sum += tally[first + index, 2, high, 0, .math]
                }
                return sum.count >= 40 ? (index, sum.total * 100 / sum.count) : nil
            }
            .sorted { ($0.score, $0.school) < ($1.score, $1.school) }
        let schools = state.schools.count
        for (place, entry) in ranked.prefix(max(2, schools / 45)).enumerated() {
            let chronic = place % 8 == 1
            try writeDirective(
                &file,
                state.schools[entry.school].code,
                "designation",
                chronic ? "chronically_underperforming" : "underperforming",
                "\(year - 3 + place % 3)-10-15",
                chronic ? "No significant improvement under the turnaround plan" : "Low performance over several years"
            )
        }
        let placed = state.districts[state.districts.count / 2].code
        try writeDirective(
            &file,
            placed,
            "designation",
            "directed_focused",
            "\(year)-09-24",
            "Failure to meet mandatory data reporting deadlines"
        )
        let kinds = ["high_achievement", "high_growth", "exceeding_targets"]
        for (place, entry) in ranked.reversed().prefix(max(3, schools / 30)).enumerated() {
            try writeDirective(
                &file,
                state.schools[entry.school].code,
                "recognition",
                kinds[place % kinds.count],
                "\(year)-09-24",
                ""
            )
        }
    }

    private func writeDirective(
        _ file: inout TableFile,
        _ code: String,
        _ directive: String,
        _ kind: String,
        _ date: String,
        _ reason: String
    ) throws {
        file.write(year)
        file.write(code)
        file.write(directive)
        file.write(kind)
        file.write(date)
        file.write("")
        file.write(reason)
        file.write("Commissioner's decision of \(date)")
        // A rating and parts are of reviews and plans.
        file.write("")
        file.write("")
        try file.endRow()
    }
}
