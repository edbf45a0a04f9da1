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
