/** The people of the seeded world. The first is the one that a newcomer signs in as. */
const NAMES = `
Alex Chen|Priya Raman|Kofi Mensah|Sofia Marchetti|Liam O'Connor|Amara Okafor|Yuki Tanaka|Mateo Vargas
Fatima Zahra Idrissi|Noah Lindqvist|Zainab Bello|Jonas Weber|Mei Ling Wu|Diego Castellanos|Ingrid Solheim
Tariq Aziz|Chloe Dubois|Sanjay Iyer|Lucia Ferreira|Emeka Nwosu|Hana Kim|Oliver Bennett|Nadia Petrova
Rafael Souza|Aisha Khan|Tomasz Kowalski|Leilani Kealoha|Marcus Johnson|Elena Popescu|Kwame Asante|Isabel Moreno
Dmitri Volkov|Maya Goldberg|Samuel Otieno|Camille Laurent|Arjun Mehta|Freya Nielsen|Hiroshi Sato|Gabriela Rojas
Patrick Murphy|Thandiwe Dlamini|Lukas Novak|Ananya Das|Benjamin Carter|Layla Haddad|Viktor Horvath|Rosa Jimenez
Ethan Brooks|Nia Thompson|Anders Berg|Salma Farouk|Julian Moreau|Wei Zhang|Beatriz Almeida|Ibrahim Toure
Greta Hoffmann|Cormac Byrne|Divya Nair|Paolo Ricci|Abena Owusu|Sven Eriksson|Mariana Costa|Omar Siddiqui
Hannah Schmidt|Kenji Watanabe|Valentina Cruz|Femi Adeyemi|Clara Jensen|Ravi Kapoor|Molly Fitzgerald
Andrei Ionescu|Sara Lopez|Daniel Cohen|Mbali Nkosi|Theo Papadakis|Jin Park|Carmen Delgado|Jack Wilson
Nour El Sayed|Milan Jovanovic|Adaeze Obi|Erik Johansson|Linh Nguyen|Pedro Carvalho|Rania Mansour|Simon Keller
Tanvi Shah|George Kimani|Marta Wojcik|Caleb Hughes|Yara Nasser|Felix Braun|Ngozi Eze|Astrid Dahl|Bruno Martins
Shreya Banerjee|Owen Davies|Katarina Kovac|Moses Wanjiru|Juliette Bernard|Akira Mori|Paula Herrera|Dylan Reyes
Olga Sokolova|Kavya Reddy|Niklas Virtanen|Sade Balogun|Hugo Lefevre|Minh Tran|Teresa Silva|Aaron Levy
Zeynep Yilmaz|Chidi Anyanwu|Laura Bianchi|Rohan Gupta|Emma Larsen|Luis Navarro|Amina Diallo|Peter Kovacs
Sunita Rao|Nathan Clarke|Ines Pereira|Yusuf Demir|Anika Vogel|Jorge Mendoza|Naomi Wright|Stefan Dragan
Halima Yusuf|Cillian Doyle|Ling Zhao|Renata Barros|David Kipkorir|Alice Fontaine|Vikram Singh|Signe Holm
Tiago Ribeiro|Mariam Traore|Max Fischer|Devi Krishnan|Connor Walsh|Soo Jin Lee|Pilar Ortega|Isaac Mwangi
Ewa Zielinska|Ali Rezaei|Joanna Mills|Nikos Georgiou|Bukola Alabi|Ruben Visser|Harumi Kato|Ana Lucia Gomez
Brian Njoroge|Chiara Romano|Aditya Menon|Lena Bergstrom|Gustavo Pinto|Dalia Hassan|Robert Evans|Xin Yi Tan
Milos Petrovic|Temitope Ojo|Maja Andersson|Carlos Fuentes|Ruth Abrams|Jamal Washington|Elif Kaya|Pooja Desai
Tim Becker|Oluwaseun Ade|Sigrid Haugen|Enzo Gallo|Mina Takahashi|Keith Morgan|Lindiwe Khumalo|Pavel Svoboda
Esther Achieng|Antoine Girard|Neha Joshi|Lars Poulsen|Catarina Lopes|Hassan Jaber|Julia Roth|Baraka Juma|Yan Li
Monica Serrano|Ryan Foster|Irina Morozova|Kamal Perera|Stella Nyambura|Luca Conti|Aroha Ngata|Dominic Shaw
Wanda Nowak|Sefa Mensima|Ji Woo Han|Adriana Vega|Malik Robinson|Frida Lund|Quentin Marchand|Solange Mbeki
`;

/** As many full names as asked for; beyond the written ones, given names and family names are paired anew. */
export function fullNames(count: number): string[] {
  const written = NAMES.trim().split(/[|\n]/);
  const names = written.slice(0, count);
  const seen = new Set(written);
  const split = written.map((name) => {
    const at = name.lastIndexOf(" ");
    return { given: name.slice(0, at), family: name.slice(at + 1) };
  });
  for (let shift = 1; names.length < count && shift < split.length; shift++) {
    for (let i = 0; i < split.length && names.length < count; i++) {
      const name = `${split[i]?.given} ${split[(i + shift) % split.length]?.family}`;
      if (!seen.has(name)) names.push(name);
      seen.add(name);
    }
  }
  return names;
}
