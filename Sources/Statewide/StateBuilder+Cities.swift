/// Cities, regions and an island: what each of them shows.
extension StateBuilder {
    /// What a city shows that not every city has.
    enum Role {
        /// One school for all grades.
        case oneSchool
        /// An elementary school, and one for the grades above it.
        case middleHigh
        /// Elementary and middle school in one.
        case elementaryMiddle
        /// The middle school closes, and the high school takes its grades.
        case merging
        /// A school of the youngest, whose students go on to another; an elementary school that many tests miss.
        case earlyGrades
        /// The largest: a school for those who failed elsewhere, an elementary school that closes.
        case largest
        case ordinary

        init(_ index: Int, of cities: Int) {
            self =
                switch index {
                case 0: .oneSchool
                case 1: .middleHigh
                case 2: .elementaryMiddle
                case 3: .merging
                case cities - 2: .earlyGrades
                case cities - 1: .largest
                default: .ordinary
                }
        }
    }

    mutating func addCity(size: Int, rank: Int, role: Role) {
        let poverty = rank >= 88 ? random.within(420...680) : random.within(60...430)
        var catchment = newCatchment(size: size, poverty: poverty)
        let district = addDistrict("")
        let cohort = max(1, size / 12)
        switch role {
        case .oneSchool: catchment.levels = [level(1...12, cohort, average: 2000, lowest: 0, district, poverty)]
        case .middleHigh: catchment.levels = twoLevels(cohort, district, poverty)
        case .elementaryMiddle: catchment.levels = threeLevels(8, cohort, district, poverty)
        case .merging:
            catchment.levels = threeLevels(5, cohort, district, poverty)
            merge(&catchment)
        case .earlyGrades:
            catchment.levels = threeLevels(5, cohort, district, poverty)
            split(&catchment.levels[0], district, poverty)
            let missing = catchment.levels[0].slots[0].schools.last?.school
            for year in 0..<3 { missing.map { state.schools[$0].missed[year] = 130 } }
        case .largest:
            catchment.levels = threeLevels(5, cohort, district, poverty)
            addAlternative(&catchment.levels[2], cohort, district, poverty)
            closeOne(catchment.levels[0])
        case .ordinary:
            if cohort < 50 && random.chance(250) {
                catchment.levels = [level(1...12, cohort, average: 2000, lowest: 0, district, poverty)]
            } else if cohort < 90 && random.chance(400) {
                catchment.levels = twoLevels(cohort, district, poverty)
            } else {
                let top = [5, 5, 5, 5, 5, 5, 4, 4, 6, 8][random.below(10)]
                catchment.levels = threeLevels(top, cohort, district, poverty)
            }
        }
        if size > 3500 {
            // A centre for the youngest: no grade that is tested.
            _ = addSchool(-1...0, district: district, poverty: poverty)
        }
        state.catchments.append(catchment)
    }

    mutating func twoLevels(_ cohort: Int, _ district: Int, _ poverty: Int) -> [Catchment.Level] {
        [
            level(1...6, cohort, average: 420, lowest: -1, district, poverty),
            level(7...12, cohort, average: 1200, lowest: 7, district, poverty),
        ]
    }

    mutating func threeLevels(
        _ top: Int,
        _ cohort: Int,
        _ district: Int,
        _ poverty: Int
    ) -> [Catchment.Level] {
        var levels = [level(1...top, cohort, average: top * 99, lowest: -1, district, poverty)]
        if top < 8 {
            levels.append(level((top + 1)...8, cohort, average: 720, lowest: top + 1, district, poverty))
        }
        levels.append(level(9...12, cohort, average: 1350, lowest: 9, district, poverty))
        return levels
    }

    /// The middle schools close after the prior year; the high schools take their grades, and are other schools to
    /// compare with.
    mutating func merge(_ catchment: inout Catchment) {
        let (middle, high) = (catchment.levels[1], catchment.levels[2])
        let highs = high.slots.flatMap(\.schools).map(\.school)
        for (index, part) in middle.slots.flatMap(\.schools).enumerated() {
            state.schools[part.school].years = 0...1
            state.schools[part.school].substitute = highs[index % highs.count]
        }
        for school in highs {
            state.schools[school].gradesBefore = 9...12
            state.schools[school].grades = middle.grades.lowerBound...12
        }
    }

    /// The first school of a level becomes two: one of the youngest, and one of the others.
    mutating func split(_ level: inout Catchment.Level, _ district: Int, _ poverty: Int) {
        guard level.slots[0].schools.count == 1 else { return }
        let early = addSchool(-1...2, district: district, poverty: poverty)
        let late = level.slots[0].schools[0].school
        state.schools[late].grades = 3...level.grades.upperBound
        level.slots[0].schools = [(2, early), (level.grades.upperBound, late)]
        level.slots.append(level.slots.removeFirst())
    }

    /// A small high school for those who would drop out elsewhere, of a few dozen students a grade.
    mutating func addAlternative(
        _ level: inout Catchment.Level,
        _ cohort: Int,
        _ district: Int,
        _ poverty: Int
    ) {
        let school = addSchool(9...12, district: district, poverty: poverty)
        state.schools[school].isAlternative = true
        for year in 0..<3 {
            state.schools[school].quality[year] -= 700
            state.schools[school].absence[year] += 900
        }
        let real = max(1, cohort * students / ordinary)
        let wanted = min(max(real * 35 / 1000, min(38, real / 2)), real - 1)
        let others = level.slots.reduce(0) { $0 + $1.weight }
        level.slots.append(
            .init(weight: max(1, others * wanted / max(1, real - wanted)), schools: [(12, school)])
        )
    }

    /// The last school of a level closes after the prior year; the one before it takes its students.
    mutating func closeOne(_ level: Catchment.Level) {
        guard level.slots.count > 1 else { return }
        let schools = level.slots.suffix(2).map { $0.schools[$0.schools.count - 1].school }
        guard state.schools[schools[0]].grades == state.schools[schools[1]].grades else { return }
        state.schools[schools[1]].years = 0...1
        state.schools[schools[1]].substitute = schools[0]
    }

    /// A place of its own with a dozen and a half students: too few to be judged.
    mutating func addIsland() {
        let size = max(1, ordinary * 24 / max(1, students))
        var catchment = newCatchment(size: size, poverty: 200)
        let district = addDistrict(" Island")
        let school = addSchool(0...12, district: district, poverty: 200)
        catchment.levels = [
            Catchment.Level(grades: 1...12, slots: [.init(weight: 1, schools: [(12, school)])])
        ]
        state.catchments.append(catchment)
    }

    mutating func addRegion(size: Int) {
        let poverty = random.within(80...450)
        var catchment = newCatchment(size: size, poverty: poverty)
        let cohort = max(1, size / 12)
        var elementary = Catchment.Level(grades: 1...6)
        for _ in 0..<3 {
            let district = addDistrict("")
            let school = addSchool(-1...6, district: district, poverty: poverty)
            elementary.slots.append(.init(weight: schoolSize(), schools: [(6, school)]))
        }
        let district = addDistrict(" Regional")
        if random.chance(500) {
            catchment.levels = [elementary, level(7...12, cohort, average: 3000, lowest: 7, district, poverty)]
        } else {
            catchment.levels = [
                elementary,
                level(7...8, cohort, average: 1000, lowest: 7, district, poverty),
                level(9...12, cohort, average: 2000, lowest: 9, district, poverty),
            ]
        }
        state.catchments.append(catchment)
    }
}
