/// Schools one applies to.
extension StateBuilder {
    /// The first charter schools: each is a district of its own.
    enum Charter: Int {
        /// Better every year.
        case rising
        /// Good, and worse every year.
        case falling
        /// Takes a grade more in the year of determination.
        case growing
        /// Opens in the year of determination.
        case opening

        static let first: [Charter] = [.rising, .falling, .growing, .opening]
    }

    mutating func addCharter(catchment: Int, index: Int) {
        let district = addDistrict(" Charter")
        let spans = [0...8, 0...8, 0...6, 0...8, 5...12, 6...12, 0...8, 9...12, 0...12]
        let school = addSchool(
            spans[index % spans.count],
            district: district,
            poverty: state.catchments[catchment].poverty
        )
        let real = max(1, state.catchments[catchment].size / 12 * students / ordinary)
        // Sixty students a grade, in a small state as few as eight; never more than a fifth of the place.
        enroll(school, catchment, perMille: min(max(8000 / real, min(60_000 / real, 45)), 200))
        switch Charter(rawValue: index) {
        case .rising: shape(school, quality: [0, 200, 450], growth: 700, absence: [0, -200, -450])
        case .falling: shape(school, quality: [700, 400, 100], growth: -1000, absence: [-300, 0, 300])
        case .growing: state.schools[school].gradesBefore = 0...5
        case .opening: state.schools[school].years = 2...2
        case nil:
            if random.chance(700) { return }
            for year in 0..<3 { state.schools[school].growth[year] += 250 }
        }
    }

    mutating func shape(_ school: Int, quality: [Int], growth: Int, absence: [Int]) {
        for year in 0..<3 {
            state.schools[school].quality[year] = quality[year]
            state.schools[school].growth[year] = growth + random.normal(50)
            state.schools[school].absence[year] = absence[year]
            state.schools[school].missed[year] = 8
        }
    }

    mutating func addVocational(catchment: Int) {
        let district = addDistrict(" Regional Vocational Technical")
        let school = addSchool(9...12, district: district, poverty: state.catchments[catchment].poverty)
        enroll(school, catchment, perMille: 150)
    }

    mutating func enroll(_ school: Int, _ catchment: Int, perMille share: Int) {
        let taken = state.catchments[catchment].charters.reduce(0) { $0 + $1.perMille }
        state.catchments[catchment].charters.append((school, max(1, min(share, 500 - taken))))
    }
}
