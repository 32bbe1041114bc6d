//! Recursive descent over the tokens.

use super::ast::{Aggregate, Comparison, Expr, Literal, Operand, Order, Path, Query, Select};
use super::lexer::{Kind, Token, error_at, tokens};
use crate::error::ApiError;

/// Deepest nesting of parentheses, NOT and subqueries.
const DEPTH_MAX: usize = 64;

/// Parses a query.
///
/// # Errors
/// `MALFORMED_QUERY` with the place and what was unexpected.
pub fn query(text: &str) -> Result<Query, ApiError> {
    let mut parser = Parser {
        text,
        tokens: tokens(text)?,
        next: 0,
        depth: 0,
    };
    let query = parser.query()?;
    match parser.peek() {
        Kind::End => Ok(query),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, ApiError>;

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        &self.tokens[self.next].kind
    }

    fn peek_at(&self, ahead: usize) -> &Kind {
        &self.tokens[(self.next + ahead).min(self.tokens.len() - 1)].kind
    }

    fn at(&self) -> usize {
        self.tokens[self.next].at
    }

    fn advance(&mut self) -> Token {
        let token = self.tokens[self.next].clone();
        if self.next + 1 < self.tokens.len() {
            self.next += 1;
        }
        token
    }

    fn unexpected(&self) -> ApiError {
        let found = match self.peek() {
            Kind::Word(word) | Kind::Number(word) => word.clone(),
            Kind::Text(text, _) => format!("'{text}'"),
            Kind::Symbol(symbol) => (*symbol).to_owned(),
            Kind::End => "<EOF>".into(),
        };
        error_at(
            self.text,
            self.at(),
            &format!("unexpected token: '{found}'"),
        )
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Kind::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Kind::Symbol(found) if *found == symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Parsed<()> {
        if self.eat(symbol) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn word(&mut self) -> Parsed<(String, usize)> {
        match self.peek() {
            Kind::Word(word) => {
                let word = word.clone();
                let at = self.advance().at;
                Ok((word, at))
            }
            _ => Err(self.unexpected()),
        }
    }

    fn deeper<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(error_at(self.text, self.at(), "query is nested too deeply"));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn query(&mut self) -> Parsed<Query> {
        self.expect_word("SELECT")?;
        let mut select = vec![self.select()?];
        while self.eat(",") {
            select.push(self.select()?);
        }
        self.expect_word("FROM")?;
        let (from, from_at) = self.word()?;
        const CLAUSES: [&str; 10] = [
            "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL", "USING", "WITH",
        ];
        let mut alias = None;
        self.eat_word("AS");
        if let Kind::Word(word) = self.peek()
            && !CLAUSES
                .iter()
                .any(|clause| word.eq_ignore_ascii_case(clause))
        {
            alias = Some(self.word()?.0);
        }
        let mut query = Query {
            select,
            from,
            from_at,
            alias,
            filter: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
        };
        if self.eat_word("USING") {
            self.expect_word("SCOPE")?;
            self.word()?;
        }
        if self.eat_word("WHERE") {
            query.filter = Some(self.expression()?);
        }
        if self.is_word("WITH") {
            self.advance();
            // WITH SECURITY_ENFORCED / USER_MODE change nothing: permissions are always enforced.
            self.word()?;
        }
        if self.eat_word("GROUP") {
            self.expect_word("BY")?;
            query.group_by.push(self.path()?);
            while self.eat(",") {
                query.group_by.push(self.path()?);
            }
        }
        if self.eat_word("HAVING") {
            query.having = Some(self.expression()?);
        }
        if self.eat_word("ORDER") {
            self.expect_word("BY")?;
            query.order_by.push(self.order()?);
            while self.eat(",") {
                query.order_by.push(self.order()?);
            }
        }
        if self.eat_word("LIMIT") {
            query.limit = Some(self.whole_number()?);
        }
        if self.eat_word("OFFSET") {
            query.offset = Some(self.whole_number()?);
        }
        while self.eat_word("FOR") {
            // FOR VIEW, FOR REFERENCE, FOR UPDATE.
            self.word()?;
        }
        if self.eat_word("ALL") {
            self.expect_word("ROWS")?;
        }
        Ok(query)
    }

    fn select(&mut self) -> Parsed<Select> {
        if self.eat("(") {
            let query = self.deeper(Self::query)?;
            self.expect(")")?;
            return Ok(Select::Children(Box::new(query)));
        }
        if matches!(self.peek_at(1), Kind::Symbol("(")) {
            let (name, at) = self.word()?;
            self.expect("(")?;
            if name.eq_ignore_ascii_case("FIELDS") {
                let (group, _) = self.word()?;
                self.expect(")")?;
                return Ok(Select::Fields(group.to_ascii_uppercase()));
            }
            let Some(function) = aggregate(&name) else {
                // toLabel and format change how a value is shown, not which.
                if name.eq_ignore_ascii_case("toLabel") || name.eq_ignore_ascii_case("format") {
                    let path = self.path()?;
                    self.expect(")")?;
                    return Ok(Select::Field(path));
                }
                return Err(error_at(
                    self.text,
                    at,
                    &format!("unknown function: '{name}'"),
                ));
            };
            if self.eat(")") {
                if function != Aggregate::Count {
                    return Err(self.unexpected());
                }
                return Ok(Select::CountAll);
            }
            let path = self.path()?;
            self.expect(")")?;
            return Ok(Select::Aggregate(function, path, self.alias()?));
        }
        let path = self.path()?;
        Ok(match self.alias()? {
            Some(alias) => Select::Aliased(path, alias),
            None => Select::Field(path),
        })
    }

    fn alias(&mut self) -> Parsed<Option<String>> {
        match self.peek() {
            Kind::Word(word) if !word.eq_ignore_ascii_case("FROM") => Ok(Some(self.word()?.0)),
            _ => Ok(None),
        }
    }

    fn path(&mut self) -> Parsed<Path> {
        let (word, at) = self.word()?;
        let segments: Vec<String> = word.split('.').map(str::to_owned).collect();
        // Five levels up, and the field itself.
        if segments.iter().any(String::is_empty) || segments.len() > 7 {
            return Err(error_at(
                self.text,
                at,
                &format!("unexpected token: '{word}'"),
            ));
        }
        Ok(Path { segments, at })
    }

    fn order(&mut self) -> Parsed<Order> {
        let function = match (self.peek(), self.peek_at(1)) {
            (Kind::Word(name), Kind::Symbol("(")) => aggregate(name),
            _ => None,
        };
        let path = if function.is_some() {
            self.advance();
            self.expect("(")?;
            if self.eat(")") {
                Path {
                    segments: vec!["Id".into()],
                    at: self.at(),
                }
            } else {
                let path = self.path()?;
                self.expect(")")?;
                path
            }
        } else {
            self.path()?
        };
        let descending = if self.eat_word("DESC") {
            true
        } else {
            self.eat_word("ASC");
            false
        };
        let mut nulls_last = descending;
        // Ascending puts empty values first; descending puts them last unless told.
        if self.eat_word("NULLS") {
            nulls_last = if self.eat_word("LAST") {
                true
            } else {
                self.expect_word("FIRST")?;
                false
            };
        }
        Ok(Order {
            path,
            aggregate: function,
            descending,
            nulls_last,
        })
    }

    fn whole_number(&mut self) -> Parsed<u64> {
        let number = match self.peek() {
            Kind::Number(number) => number.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) => {
                self.advance();
                Ok(number)
            }
            None => Err(self.unexpected()),
        }
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.deeper(|parser| {
            let first = parser.term()?;
            // AND and OR may not be mixed without parentheses.
            let word = if parser.is_word("AND") {
                "AND"
            } else if parser.is_word("OR") {
                "OR"
            } else {
                return Ok(first);
            };
            let mut terms = vec![first];
            while parser.eat_word(word) {
                terms.push(parser.term()?);
            }
            if parser.is_word("AND") || parser.is_word("OR") {
                return Err(parser.unexpected());
            }
            Ok(if word == "AND" {
                Expr::And(terms)
            } else {
                Expr::Or(terms)
            })
        })
    }

    fn term(&mut self) -> Parsed<Expr> {
        if self.eat_word("NOT") {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.term()?))));
        }
        if self.eat("(") {
            let inner = self.expression()?;
            self.expect(")")?;
            return Ok(inner);
        }
        let function = match (self.peek(), self.peek_at(1)) {
            (Kind::Word(name), Kind::Symbol("(")) => aggregate(name),
            _ => None,
        };
        if let Some(function) = function {
            let at = self.advance().at;
            self.expect("(")?;
            let path = if self.eat(")") {
                None
            } else {
                let path = self.path()?;
                self.expect(")")?;
                Some(path)
            };
            let comparison = self.comparison()?;
            let literal = self.literal(false)?;
            return Ok(Expr::Compare(
                Operand::Aggregate(function, path, at),
                comparison,
                literal,
            ));
        }
        let path = self.path()?;
        if self.eat_word("IN") {
            return self.list(path, true);
        }
        if self.is_word("NOT")
            && matches!(self.peek_at(1), Kind::Word(word) if word.eq_ignore_ascii_case("IN"))
        {
            self.advance();
            self.advance();
            return self.list(path, false);
        }
        for (word, positive) in [("INCLUDES", true), ("EXCLUDES", false)] {
            if self.eat_word(word) {
                return Ok(Expr::Includes(path, positive, self.literals()?));
            }
        }
        let comparison = self.comparison()?;
        let literal = self.literal(comparison == Comparison::Like)?;
        Ok(Expr::Compare(Operand::Field(path), comparison, literal))
    }

    fn list(&mut self, path: Path, positive: bool) -> Parsed<Expr> {
        if matches!(self.peek_at(1), Kind::Word(word) if word.eq_ignore_ascii_case("SELECT")) {
            self.expect("(")?;
            let query = self.deeper(Self::query)?;
            self.expect(")")?;
            return Ok(Expr::InQuery(path, positive, Box::new(query)));
        }
        Ok(Expr::In(path, positive, self.literals()?))
    }

    fn literals(&mut self) -> Parsed<Vec<Literal>> {
        self.expect("(")?;
        let mut literals = vec![self.literal(false)?];
        while self.eat(",") {
            literals.push(self.literal(false)?);
        }
        self.expect(")")?;
        Ok(literals)
    }

    fn comparison(&mut self) -> Parsed<Comparison> {
        if self.eat_word("LIKE") {
            return Ok(Comparison::Like);
        }
        let comparison = match self.peek() {
            Kind::Symbol("=") => Comparison::Equal,
            Kind::Symbol("!=" | "<>") => Comparison::NotEqual,
            Kind::Symbol("<") => Comparison::Less,
            Kind::Symbol("<=") => Comparison::LessEqual,
            Kind::Symbol(">") => Comparison::Greater,
            Kind::Symbol(">=") => Comparison::GreaterEqual,
            _ => return Err(self.unexpected()),
        };
        self.advance();
        Ok(comparison)
    }

    fn literal(&mut self, pattern: bool) -> Parsed<Literal> {
        let literal = match self.peek() {
            Kind::Text(_, kept) if pattern => Literal::Text(kept.clone()),
            Kind::Text(plain, _) => Literal::Text(plain.clone()),
            Kind::Number(number) if is_date(number) => Literal::Date(number.clone()),
            Kind::Number(number) => Literal::Number(number.clone()),
            Kind::Word(word) => match word.to_ascii_uppercase().as_str() {
                "NULL" => Literal::Null,
                "TRUE" => Literal::Bool(true),
                "FALSE" => Literal::Bool(false),
                upper => match upper.split_once(':') {
                    Some((name, count)) => match count.parse() {
                        Ok(count) => Literal::Named(name.into(), Some(count)),
                        Err(_) => return Err(self.unexpected()),
                    },
                    None => Literal::Named(upper.into(), None),
                },
            },
            Kind::Symbol(_) | Kind::End => return Err(self.unexpected()),
        };
        if let Literal::Named(name, _) = &literal
            && !super::dates::is_literal(name)
        {
            return Err(self.unexpected());
        }
        self.advance();
        Ok(literal)
    }
}

fn is_date(number: &str) -> bool {
    let bytes = number.as_bytes();
    bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-'
}

fn aggregate(name: &str) -> Option<Aggregate> {
    Some(match name.to_ascii_uppercase().as_str() {
        "COUNT" => Aggregate::Count,
        "COUNT_DISTINCT" => Aggregate::CountDistinct,
        "SUM" => Aggregate::Sum,
        "AVG" => Aggregate::Avg,
        "MIN" => Aggregate::Min,
        "MAX" => Aggregate::Max,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::query;
    use crate::soql::ast::{Expr, Literal, Select};

    #[test]
    fn a_full_query_is_read() {
        let parsed = query(
            "select Id, Account.Name, (SELECT Id FROM Tasks LIMIT 5) from Opportunity o where (Amount > 1.5 or \
             NOT StageName IN ('a','b\\'c')) and CloseDate = LAST_N_DAYS:30 order by Name desc nulls last limit 10 offset 5",
        )
        .expect("valid");
        assert_eq!(parsed.select.len(), 3);
        assert!(
            matches!(&parsed.select[2], Select::Children(children) if children.from == "Tasks")
        );
        assert_eq!((parsed.limit, parsed.offset), (Some(10), Some(5)));
        let Some(Expr::And(terms)) = parsed.filter else {
            panic!("expected AND")
        };
        assert!(
            matches!(&terms[1], Expr::Compare(_, _, Literal::Named(name, Some(30))) if name == "LAST_N_DAYS")
        );
    }

    #[test]
    fn errors_point_at_the_place() {
        for text in [
            "",
            "SELECT",
            "SELECT Id",
            "SELECT Id FROM",
            "SELECT Id FROM Account WHERE",
            "SELECT Id FROM Account WHERE Name = 'x",
            "SELECT Id FROM Account WHERE Name = 'a\\q'",
            "SELECT Id FROM Account WHERE a = 1 AND b = 2 OR c = 3",
            "SELECT Id FROM Account LIMIT x",
            "SELECT Id FROM Account; DROP",
            "SELECT Id FROM Account WHERE Name = NOT_A_LITERAL",
        ] {
            let error = query(text).expect_err(text);
            assert_eq!(error.code, "MALFORMED_QUERY", "{text}");
            assert!(
                error.message.contains("ERROR at Row:1:Column:"),
                "{}",
                error.message
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,80}", tail in "[ a-zA-Z0-9'\\\\.,()=<>!:%_-]{0,60}") {
            let _ = query(&text);
            let _ = query(&format!("SELECT Id FROM Account WHERE {tail}"));
        }
    }
}
