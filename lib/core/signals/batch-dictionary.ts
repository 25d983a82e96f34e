/**
 * The text that version 1 of the batch format (docs/batch-format.md) compresses against: words that people use in notes, and the
 * shapes of the signals that this server writes. It never changes: a batch on the ledger can be read by these bytes only. Another text
 * needs another version. What is most frequent stands last, because near matches take fewer bits.
 */
const WORDS = `
about above across after again against agree ahead almost alone along already also always amazing among another answer any anyone
appreciate around ask asked attention away awesome back bad balance based beautiful became because become been before began begin
behind being believe best better between beyond big both brave bread brilliant bring brought build building built busy calm came can
cannot care careful carried challenge chance change changes cheerful choose city class clean clear clearly close coffee colleague
come comes comfort committed common community company complete connect connection consistent contact continue cook cool could
council country couple courage course cover create created creative crew curious customer daily data date day days dear decide
decision deep delivered design designer detail details did different difficult dinner direct discuss does doing done door down
draft dream drive during each early easily easy effort eight either else encourage encouraging end energy engineer enjoy enough
entire especially even evening event events ever every everybody everyone everything exactly example excellent experience explain
explained eye fair faith family far fast favour feedback feel felt few field fifth final finally find fine finish first five fix
fixed focus follow food found four free fresh friday friend friendly friends from front full fun further future garden gather gave
generous gentle gently get gets getting gift give given gives giving glad goal goes going gone good got grateful great green group
grow growing guide had half hand hands happen happened happy hard has have having head hear heard heart held hello help helped
helpful helping helps here hers high him himself his hold home honest hope hour hours house how huge human humble idea ideas
impact important improve in inside inspire inspired inspiring instead integrity interest into introduced invite is issue it
itself job join joined journey joy just keep keeps kept kind kindness knew know knowledge known knows large last late later
laugh launch lead leader leadership learn learned learning least leave left less lesson let letter level life light like line
listen listened listening little live local long look looked looking lost lot love loved lovely low loyal made main make makes
making many market match matter matters may maybe mean means meet meeting member mentor message met might mind minutes miss
moment monday money month months more morning most mother move moved much music must name near need needed needs neighbour never
new news next nice night nine nobody none not note nothing notice now number numbers of off offer office often old once one only
open opened opinion or order other others our out over own pace page paper parent part partner party past patience patient people
perfect perhaps person phone pick picture piece place plan planning plans play please point positive possible post power practice
present pretty price problem problems process product project projects promise promised proud public pull push put question
questions quick quickly quiet quite rain ran rather reach read reading ready real really reason recommend release reliable remember
remote reply report research respect respond rest result results review right river road role room round rule run running safe
said same sat saturday saved saw say says school sea season second see seemed seen send sense sent session set seven several shape
share shared sharing she ship shipped shop short should show showed shows side sign simple simply since six skill skills small
smart smile so solid solution solve solved some somebody someone something sometimes soon sorry sort sound space speak special
spend spirit spoke sport spring staff stage stand start started state stay steady step still stood stop story street strength
strong student studio study such summer sunday support supported supporting sure surprise table take taken takes taking talent
talk talked task taste teach teacher team teams tell ten test than thank thankful thanks that the their them themselves then there
these they thing things think thinking third this those though thought thoughtful three through thursday ticket time times tired
today together told tomorrow tonight too took tools top toward town trade train training travel tree tried trip trouble true truly
trust trusted trustworthy truth try trying tuesday turn turned two under understand until up upon us use used useful user usually
valuable value very view village visit voice volunteer wait waited walk walked want wanted warm was watch water way ways we
wedding wednesday week weekend weeks welcome well went were what when where whether which while white who whole whose why wife will
win winter wisdom wise wish with within without woman women wonderful word words work worked working workshop world worry worth would
write writing wrong year years yes yesterday yet you young your yours yourself
`;

const PHRASES = [
  "Thank you for helping me with the",
  "Thanks for all your support and for your time",
  "It was great to meet you at the conference last week. Let us stay in touch",
  "I really appreciate how you always listen and how much care you take of",
  "You made a big difference to the whole team this month",
  "We have worked together for many years, and I would trust them with anything",
  "We met at the workshop yesterday. I would like to connect with you",
  "has always been there for me when I needed it most",
  "great work on the project, and congratulations",
  "one of the most reliable people I know",
];

const NUMBERS =
  '"nonce":179,"ts":17,"timestamp":17,"issuedMs":17,"tokenId":"0.0.","topicId":"0.0.","hrl":"hcs://11/0.0.';

/** The members that signals have, in the order in which this server writes them. */
const SHAPES = [
  '{"type":"SIGNAL_MINT","to":"0.0.","tokenId":"","name":"","category":"","issuer":"0.0.","minted_at":17,"signature":"',
  '{"type":"RECOGNITION_DEFINITION","payload":{"id":"rec-","slug":"","title":"","icon":"","description":"","category":"leadership"}',
  '{"type":"PROFILE_UPDATE","payload":{"handle":"@","displayName":"","bio":"","avatar":"https://","visibility":"public","location":"',
  '{"p":"hcs-21","op":"emit","v":1,"t":3,"from":"0.0.","to":"0.0.","amount":1,"weight":1,"payload":{"handle":"","note":"","memo":"',
  '{"type":"RECOGNITION_MINT","to":"0.0.","name":"","emoji":"🏆","description":null,"note":null,"payload":{"label":"","emoji":"⭐","description":"","lens":"genz","professional","social","academic","to":{"accountId":"0.0.","handle":"@"},"note":"","from":{"accountId":"0.0."}},"from":"0.0.',
  '{"type":"RECOGNITION_MINT","payload":{"definitionId":"rec-","recognitionId":"","to":"0.0.","target":"0.0.","message":"","note":"',
  '{"type":"TRUST_REVOKE","to":"0.0.","payload":{"target":"0.0."},"from":"0.0.","nonce":179',
  '{"type":"TRUST_ALLOCATE","to":"0.0.","payload":{"target":"0.0.","weight":1,"category":"general","note":"',
  '{"type":"TRUST_ALLOCATE","to":"0.0.","payload":{"target":"0.0.","weight":1},"from":"0.0.","nonce":179',
  '{"type":"CONTACT_REVOKE","payload":{"target":"0.0."},"from":"0.0.","nonce":179',
  '{"type":"CONTACT_REQUEST","payload":{"target":"0.0.","handle":"@","message":"","note":"","context":"","createdAt":"2026-',
  '{"type":"CONTACT_ACCEPT","payload":{"target":"0.0.","handle":"@","note":"","acceptedAt":"2026-',
  '{"type":"CONTACT_ACCEPT","from":"0.0.","nonce":179,"ts":179,"payload":{"target":"0.0."}}',
  '{"type":"CONTACT_REQUEST","from":"0.0.","nonce":179,"ts":179,"payload":{"target":"0.0."}}',
];

/** In one line, and with a space before each word, as words stand in a sentence. */
export const BATCH_DICTIONARY = [
  WORDS.trim()
    .split(/\s+/)
    .map((word) => ` ${word}`)
    .join(""),
  ...PHRASES,
  NUMBERS,
  ...SHAPES,
].join("\n");
