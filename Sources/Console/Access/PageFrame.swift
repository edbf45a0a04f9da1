package import Operating

/// The visitor that an answer is made for.
///
/// It decides what surrounds every page, and what the page may show.
package struct PageFrame: Sendable {
    package let visitor: Visitor
    /// The accounts of the visitor's district, including the visitor's own.
    ///
    /// Empty for all other visitors.
    package let colleagues: [Account]
    /// The token that a form of this visitor sends back to show that it comes from this console.
    package let token: String
    /// Distinguishes answers to this visitor from answers to others.
    package let tag: String

    package init(visitor: Visitor, colleagues: [Account] = [], token: String = "", tag: String = "") {
        self.visitor = visitor
        self.colleagues = colleagues
        self.token = token
        self.tag = tag
    }

    /// There are no accounts: everything is shown, and nothing can be changed.
    package static let machine = PageFrame(visitor: .machine, tag: "machine")

    /// What a page shows about its visitor.
    ///
    /// - `embargoes`: until when the visitor's own results are under embargo, by year.
    func context(embargoes: [String]) -> [String: Any] {
        var context: [String: Any] = ["foot": foot(embargoes)]
        if let account = visitor.account {
            let district = account.district.map { " \($0)" } ?? ""
            context["person"] = [
                "name": account.name, "role": "\(account.role.rawValue)\(district)", "token": token,
            ]
        }
        context["stranger"] = visitor == .nobody ? true : nil
        return context
    }

    private func foot(_ embargoes: [String]) -> String {
        switch visitor {
        case .machine:
            "Read-only, on this machine. The figures come from the published topics. They cover all organizations, including small groups. They are for the Department, not for the public."
        case .nobody: "Official results are open to everyone. If you are responsible for other figures, sign in."
        case .person(let account) where account.role == .district:
            "The figures cover your own organizations, including small groups. They are for the district, not for the public. Results are under embargo until the Department releases them to everyone\(embargoes.isEmpty ? "" : ": \(embargoes.joined(separator: "; "))")."
        case .person:
            "The figures come from the published topics. They cover all organizations, including small groups. They are for the Department, not for the public."
        }
    }
}
