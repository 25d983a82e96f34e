/** Words and interests of people in the seeded world. */

export const COMMUNITIES = [
  { interest: "distributed systems", role: "Protocol engineer", category: "technical" },
  { interest: "product design", role: "Product designer", category: "design" },
  { interest: "community gardens", role: "Neighbourhood organiser", category: "community" },
  { interest: "open data", role: "Data scientist", category: "research" },
  { interest: "fair finance", role: "Cooperative treasurer", category: "finance" },
  { interest: "live music", role: "Sound engineer", category: "arts" },
  { interest: "teaching", role: "Workshop host", category: "education" },
  { interest: "mountain rescue", role: "Volunteer medic", category: "care" },
] as const;

export const CITIES = [
  "Lisbon",
  "Nairobi",
  "Kyoto",
  "Oslo",
  "Bogotá",
  "Leeds",
  "Accra",
  "Kraków",
  "Pune",
  "Montréal",
  "Austin",
  "Hanoi",
  "Porto Alegre",
  "Cairo",
  "Ljubljana",
  "Wellington",
] as const;

export const REQUEST_NOTES = [
  "Let's connect!",
  "We met at the meetup on Thursday, you had the good questions.",
  "Anika said I should talk to you about the grant.",
  "Loved your talk. Keen to compare notes.",
  "We're working on the same thing from two ends.",
  "You helped my team out last spring, thank you again.",
  "Saw your profile through a shared contact.",
  "Hello from the train to the same conference!",
  "Fellow gardener here 🌱",
  "Would like to have you in my circle.",
] as const;

export const TRUST_NOTES = [
  "Great developer",
  "Delivers what was promised, on the day.",
  "I would hand over my keys without thinking twice.",
  "Honest when it is uncomfortable.",
  "Mentored three of us through our first release.",
  "Kept the project alive when nobody else did.",
  "Always reads the whole document.",
] as const;

export const MINT_NOTES = [
  "Great job on the project!",
  "For three nights of incident duty without a complaint.",
  "You explained it until everybody got it.",
  "The workshop would not have happened without you.",
  "Quietly fixed what we had all walked past.",
  "For bringing people together who did not speak to each other.",
  "Best code review I have ever had.",
  "Thank you for the soup.",
] as const;

export const BIO_ENDINGS = [
  "Ask me about bread.",
  "Slow replies, long walks.",
  "Here to meet people who keep promises.",
  "Two children, one cat, no time.",
  "Believes in small tools and long friendships.",
  "Usually near a whiteboard.",
  "Building in the open since 2014.",
] as const;

/** Long enough for two chunks, sometimes three. */
export const LONG_PARAGRAPHS = [
  "I started out repairing radios with my grandfather, who never threw anything away and wrote the date of each repair inside the case. I still do that with software: every change says when, who and why, and the next person to open the lid is thanked in advance.",
  "For the last few years I have been working with cooperatives that want to know whom they can rely on without handing that question to a company. It turns out that people are rather good at it, if they can say it in small steps, take it back when things change, and see that nobody has tampered with what they said.",
  "Outside of work I run a Saturday workshop where anybody can bring something broken. Half of what we fix are bicycles, a quarter are lamps, and the rest is conversation. The rule is that you leave knowing how to do it yourself, and that you come back once to show somebody else.",
  "If you write to me, tell me what you are trying to make easier for somebody. I am slow with greetings and quick with problems. References on request; the best ones are in my circle, and you can ask them directly without going through me.",
  "Things I have changed my mind about: remote work, twice; whether a checklist is an insult; how much a good question is worth compared with a good answer; and olives. I keep the list public because it reminds me that the next entry is already on its way.",
  "On trust: I give it in slots because attention is finite. Nine is not many, and that is the point. Being in somebody's nine should cost them something, and leaving it should be possible without drama. I review mine on the first Sunday of each quarter, with coffee.",
] as const;
