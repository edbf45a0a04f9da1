import Messages

/// Lays out districts and schools in the proportions of a real state: 400 districts and 1,850 schools for 950,000
/// students.
struct StateBuilder {
    private static let fullSize = 950_000
    private static let citySizes = Curve(
        points: [500, 900, 1400, 1900, 2400, 3000, 3600, 4400, 5600, 8200, 32_000]
    )
    private static let regionSizes = Curve(points: [1100, 1500, 1900, 2300, 3400])
    /// Sizes of schools of one kind, by eighths: nearly log-normal.
    private static let schoolSizes = Curve(points: [300, 560, 720, 860, 1000, 1160, 1370, 1700, 2600])

    private var state = State()
    private var random: Random
    private let seed: UInt64
    private var schoolsOfDistrict: [Int] = []

    init(seed: UInt64) {
        self.seed = seed
        random = Random(seed: seed, stream: 1)
    }

    /// The state for so many students.
    static func build(seed: UInt64, students: Int) -> State {
        var builder = StateBuilder(seed: seed)
        let cities = max(2, builder.scaled(200, students))
        let regions = builder.scaled(35, students)
        for index in 0..<cities {
            builder.addCity(size: citySizes.value(at: 2 * index + 1, of: 2 * cities), rank: index * 100 / cities)
        }
        for index in 0..<regions {
            builder.addRegion(size: regionSizes.value(at: 2 * index + 1, of: 2 * regions))
        }
        // Charter schools open in the larger cities, vocational schools beside the middle ones.
        for index in 0..<max(1, builder.scaled(45, students)) {
            builder.addCharter(catchment: cities - 1 - index % max(1, cities / 4), vocational: false, index: index)
        }
        for index in 0..<builder.scaled(15, students) {
            builder.addCharter(catchment: (cities / 3 + index * 3) % cities, vocational: true, index: index)
        }
        return builder.finish()
    }

    private func scaled(_ count: Int, _ students: Int) -> Int {
        (count * students + StateBuilder.fullSize / 2) / StateBuilder.fullSize
    }

    private mutating func finish() -> State {
        var sum = 0
        for index in state.catchments.indices {
            sum += state.catchments[index].size
            state.ends.append(sum)
            for level in state.catchments[index].levels.indices { state.catchments[index].levels[level].close() }
            let catchment = state.catchments[index]
            state.neighbourhoods.append(
                (0..<16).map { catchment.poverty(home: $0 << 12, seed: seed, index: index) }
            )
        }
        let step = min(10, max(1, 9990 / max(1, state.districts.count)))
        for index in state.districts.indices {
            state.districts[index].code = StateBuilder.digits((index + 1) * step) + "0000"
        }
        var numbers = [Int](repeating: 0, count: state.districts.count)
        for index in state.schools.indices {
            let district = state.schools[index].district
            numbers[district] += 5
            state.schools[index].code =
                state.districts[district].code.prefix(4) + StateBuilder.digits(numbers[district])
        }
        return state
    }

    private static func digits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }

    // MARK: Places

    private mutating func addDistrict(_ kind: String) -> Int {
        let index = state.districts.count
        let name = Names.place(index) + kind
        let region = ["Coastal", "West/Central", "Greater Boston"][random.below(3)]
        state.districts.append(District(code: "", name: name, region: region))
        schoolsOfDistrict.append(0)
        return index
    }

    private mutating func addSchool(_ grades: ClosedRange<Int>, district: Int, poverty: Int) -> Int {
        let index = state.schools.count
        var school = School(grades: grades)
        school.district = district
        school.quality = random.normal(170)
        let growth = random.normal(200)
        let absence = random.normal(220)
        for year in 0..<3 { school.growth[year] = growth + random.normal(110) }
        school.absence = absence
        let usual = grades.upperBound >= 10 ? 16 : 8
        for year in 0..<3 {
            school.missed[year] = random.chance(45) ? random.within(50...95) : max(2, usual + random.normal(5))
        }
        school.title1 = poverty > 380 && grades.lowerBound < 9 || random.chance(poverty)
        schoolsOfDistrict[district] += 1
        let place = Names.place(district)
        school.name = Names.school(place, type: school.type, number: schoolsOfDistrict[district])
        state.schools.append(school)
        return index
    }

    private mutating func newCatchment(size: Int, poverty: Int) -> Catchment {
        let white = min(max(980 - poverty + random.normal(70), 110), 940)
        let others = 1000 - white
        let asianPart = random.within(110...380) * (1000 - poverty) / 800
        let blackPart = random.within(100...280)
        // The rest of those who are not white: mostly Hispanic, some multi-race, very few of the two small groups.
        var shares = [2 + others / 300, others * asianPart / 1000, others * blackPart / 1000, 0, 0, 1, white]
        shares[4] = 20 + others / 25
        shares[3] = max(0, 1000 - shares.reduce(0, +))
        var sum = 0
        let races = shares.map { share in
            sum += share
            return sum
        }
        var catchment = Catchment(size: size, poverty: poverty, learners: random.within(90...210), races: races)
        catchment.quality = random.normal(140)
        return catchment
    }

    // MARK: Schools

    private mutating func addCity(size: Int, rank: Int) {
        let poverty = rank >= 88 ? random.within(420...680) : random.within(60...430)
        var catchment = newCatchment(size: size, poverty: poverty)
        let district = addDistrict("")
        let cohort = max(1, size / 12)
        if cohort < 50 && random.chance(250) {
            catchment.levels = [level(1...12, cohort, average: 2000, lowest: 0, district, poverty)]
        } else if cohort < 90 && random.chance(400) {
            catchment.levels = [
                level(1...6, cohort, average: 420, lowest: -1, district, poverty),
                level(7...12, cohort, average: 1200, lowest: 7, district, poverty),
            ]
        } else {
            let top = [5, 5, 5, 5, 5, 5, 4, 4, 6, 8][random.below(10)]
            catchment.levels = [level(1...top, cohort, average: 495, lowest: -1, district, poverty)]
            if top < 8 {
                catchment.levels.append(level((top + 1)...8, cohort, average: 720, lowest: top + 1, district, poverty))
            }
            catchment.levels.append(level(9...12, cohort, average: 1350, lowest: 9, district, poverty))
        }
        if size > 3500 {
            // A centre for the youngest: no grade that is tested.
            _ = addSchool(-1...0, district: district, poverty: poverty)
        }
        state.catchments.append(catchment)
    }

    private mutating func addRegion(size: Int) {
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

    private mutating func addCharter(catchment: Int, vocational: Bool, index: Int) {
        let district = addDistrict(vocational ? " Regional Vocational Technical" : " Charter")
        let spans = [0...8, 5...12, 6...12, 0...5, 9...12, 0...12]
        let grades = vocational ? 9...12 : spans[index % spans.count]
        let school = addSchool(grades, district: district, poverty: state.catchments[catchment].poverty)
        let cohort = max(1, state.catchments[catchment].size / 12)
        // Sixty students a grade, but never more than a fifth of the place.
        let share = vocational ? 150 : min(60_000 / cohort, 200)
        let taken = state.catchments[catchment].charters.reduce(0) { $0 + $1.perMille }
        state.catchments[catchment].charters.append((school, max(1, min(share, 500 - taken))))
        if vocational || random.chance(700) { return }
        for year in 0..<3 { state.schools[school].growth[year] += 250 }
    }

    /// The schools of a city between two grades.
    private mutating func level(
        _ grades: ClosedRange<Int>,
        _ cohort: Int,
        average: Int,
        lowest: Int,
        _ district: Int,
        _ poverty: Int
    ) -> Catchment.Level {
        var level = Catchment.Level(grades: grades)
        let students = cohort * grades.count
        let count = max(1, (students + average / 2) / average)
        for index in 0..<count {
            let splits = grades.lowerBound == 1 && grades.upperBound < 8 && count > 2 && index % 6 == 2
            if splits {
                let early = addSchool(-1...2, district: district, poverty: poverty)
                let late = addSchool(3...grades.upperBound, district: district, poverty: poverty)
                level.slots.append(
                    .init(weight: schoolSize() * 3 / 2, schools: [(2, early), (grades.upperBound, late)])
                )
                continue
            }
            let school = addSchool(lowest...grades.upperBound, district: district, poverty: poverty)
            var weight = schoolSize()
            if grades.upperBound == 12 && count > 2 && index == count - 1 {
                // Large cities keep a small high school for those who would drop out elsewhere.
                state.schools[school].isAlternative = true
                state.schools[school].quality -= 700
                state.schools[school].absence += 900
                weight = 150
            }
            level.slots.append(.init(weight: weight, schools: [(grades.upperBound, school)]))
        }
        return level
    }

    private mutating func schoolSize() -> Int {
        StateBuilder.schoolSizes.value(at: random.below(4096), of: 4096)
    }
}

/// Names of places and schools that do not exist.
enum Names {
    private static let beginnings = [
        "Ald", "Amber", "Ash", "Birch", "Brack", "Cedar", "Clar", "Dun", "Elder", "Fen", "Gran", "Hazel", "Iron",
        "Juni",
        "Kest", "Lark", "Maple", "Nether", "Oaken", "Pem", "Quill", "Rowan", "Stone", "Thorn", "Under", "Wester",
    ]
    private static let endings = [
        "bourne", "bridge", "brook", "bury", "combe", "dale", "field", "ford", "gate", "ham", "haven", "hurst", "ley",
        "mere", "mont", "mouth", "port", "stead", "ton", "wick", "wold",
    ]

    static func place(_ index: Int) -> String {
        // 26 and 21 have no common divisor, so that the pairs repeat only after 546 places.
        let name = beginnings[index % beginnings.count] + endings[index % endings.count]
        let round = index / (beginnings.count * endings.count)
        return round == 0 ? name : "\(name) \(round + 1)"
    }

    static func school(_ place: String, type: String, number: Int) -> String {
        let kind =
            switch type {
            case "EES": "Early Childhood School"
            case "ES": "Elementary"
            case "ESMS": "Elementary and Middle School"
            case "MS": "Middle School"
            case "MSHS": "Middle High School"
            case "HS": "High School"
            default: "School"
            }
        return number == 1 ? "\(place) \(kind)" : "\(place) \(kind) \(number)"
    }
}
