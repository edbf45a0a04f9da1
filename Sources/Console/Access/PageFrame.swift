package import Operating

/// For whom an answer is made: what stands around every page, and what it may show.
package struct PageFrame: Sendable {
    package let visitor: Visitor
    /// The accounts of the visitor's district, its own included; empty of everybody else.
    package let colleagues: [Account]
    /// What a form of this visitor sends back to show that it is one of ours.
    package let token: String
    /// Tells what is answered to this visitor from what is answered to others.
    package let tag: String

    package init(visitor: Visitor, colleagues: [Account] = [], token: String = "", tag: String = "") {
        self.visitor = visitor
        self.colleagues = colleagues
        self.token = token
        self.tag = tag
    }

    /// Without any account: everything is shown, and nothing is done.
    package static let machine = PageFrame(visitor: .machine)

    /// What a page says of who looks at it.
    var context: [String: Any] {
        var context: [String: Any] = ["foot": foot]
        if let account = visitor.account {
            let district = account.district.map { " \($0)" } ?? ""
            context["person"] = [
                "name": account.name, "role": "\(account.role.rawValue)\(district)", "token": token,
            ]
        }
        context["stranger"] = visitor == .nobody ? true : nil
        return context
    }

    private var foot: String {
        switch visitor {
        case .machine:
            "Read-only, on this machine. The figures are those of the published topics, of all organizations, small groups included: for the Department, not for the public."
        case .nobody: "Official results are open to everybody. Whoever answers for other figures signs in."
        case .person(let account) where account.role == .district:
            "Your own organizations, small groups included: for the district, not for the public. Results are embargoed until the Department releases them to everybody."
        case .person:
            "The figures are those of the published topics, of all organizations, small groups included: for the Department, not for the public."
        }
    }
}
