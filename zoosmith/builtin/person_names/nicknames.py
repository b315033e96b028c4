"""Forenames and their everyday short forms, written by hand; one table per language.

Only forms that a reader would take for the same person without further evidence are listed. Endearments
shared by half a language (such as "Coco") and mere spelling variants (Stephen, Steven) are left out.
"""

from __future__ import annotations

ENGLISH = """
Abigail: Abby Gail          Abraham: Abe               Albert: Al Bert Bertie     Alexander: Alex Alec Xander
Alexandra: Alex Lexi Sandra Alfred: Alf Alfie Fred     Amanda: Mandy              Andrew: Andy Drew
Angela: Angie               Anthony: Tony              Arthur: Art Artie          Barbara: Barb Babs
Benjamin: Ben Benny Benji   Bernard: Bernie            Bradley: Brad              Caroline: Carrie Caro
Cassandra: Cass Cassie      Catherine: Cathy Cat Kate  Charles: Charlie Chuck     Charlotte: Lottie Char
Christina: Chrissy Tina     Christine: Chris Chrissie  Christopher: Chris Kit     Clifford: Cliff
Cynthia: Cindy              Daniel: Dan Danny          David: Dave Davey          Deborah: Deb Debbie
Dennis: Denny               Dominic: Dom               Donald: Don Donny          Dorothy: Dot Dottie Dolly
Douglas: Doug               Edward: Ed Eddie Ted Ned   Edwin: Ed                  Eleanor: Ellie Nell Nora
Elizabeth: Liz Beth Betty Eliza Lizzie Libby           Emily: Em Emmy             Eugene: Gene
Florence: Flo Florrie       Frances: Fran Frannie      Francis: Frank Frankie     Frederick: Fred Freddie
Gabriel: Gabe               Gabrielle: Gabby           Geoffrey: Geoff            George: Georgie
Gerald: Gerry Jerry         Gregory: Greg              Gwendolyn: Gwen            Harold: Hal Harry
Harriet: Hattie             Helen: Nellie              Henry: Hank Harry          Herbert: Herb Herbie
Isabella: Bella Izzy        Jacob: Jake                Jacqueline: Jackie         James: Jim Jimmy Jamie
Janet: Jan                  Jeffrey: Jeff              Jennifer: Jen Jenny        Jeremy: Jem
Jessica: Jess Jessie        Joanna: Jo                 John: Johnny Jack          Jonathan: Jon Jonny
Joseph: Joe Joey            Joshua: Josh               Judith: Judy               Katherine: Kathy Kate Kitty
Kathleen: Kathy Kath        Kenneth: Ken Kenny         Kimberly: Kim              Lawrence: Larry
Leonard: Len Lenny Leo      Leslie: Les                Lillian: Lil Lily          Louis: Lou Louie
Lucille: Lucy               Madeline: Maddie           Margaret: Maggie Meg Peggy Marge Margie
Martin: Marty               Matthew: Matt Matty        Megan: Meg                 Melissa: Mel Missy Lissa
Michael: Mike Mick Mickey   Mitchell: Mitch            Nancy: Nan                 Natalie: Nat
Nathan: Nate                Nathaniel: Nat Nate        Nicholas: Nick Nicky       Nicole: Nikki
Oliver: Ollie               Pamela: Pam                Patricia: Pat Patty Tricia Trish
Patrick: Pat Paddy          Penelope: Penny            Peter: Pete                Philip: Phil Pip
Phillip: Phil              Priscilla: Cilla           Rachel: Rach Rachie        Randall: Randy
Raymond: Ray                Rebecca: Becky Becca       Reginald: Reg Reggie       Richard: Rick Dick Rich
Robert: Bob Bobby Rob Robbie Bert                      Roderick: Rod              Rodney: Rod
Ronald: Ron Ronnie          Russell: Russ              Samantha: Sam Sammie       Samuel: Sam Sammy
Sandra: Sandy               Sarah: Sadie Sally         Stanley: Stan              Stephanie: Steph Stephie
Stephen: Steve Stevie       Steven: Steve Stevie       Stuart: Stu                Susan: Sue Susie
Suzanne: Sue Suzie          Teresa: Terry Tess         Terence: Terry             Theodore: Ted Teddy Theo
Theresa: Terri Tess         Thomas: Tom Tommy          Timothy: Tim Timmy         Valerie: Val
Vanessa: Nessa              Veronica: Ronnie Vera      Victor: Vic                Victoria: Vicky Tori Vicki
Vincent: Vince Vinnie       Virginia: Ginny Ginger     Walter: Walt Wally         William: Bill Billy Will
Winifred: Winnie            Zachary: Zach Zack
"""

GERMAN = """
Andreas: Andi               Anneliese: Anne Liesel     Bernhard: Bernd            Brigitte: Gitte Gitti
Christian: Chris            Christoph: Chris           Dietrich: Dieter           Elisabeth: Lisa Elli Liesel
Franziska: Franzi           Friedrich: Fritz Fiete     Gabriele: Gabi             Georg: Schorsch
Gerhard: Gerd               Günther: Günni             Heinrich: Heiner Heinz
Jakob: Jockel               Johanna: Hanna             Johannes: Hannes Jo        Josef: Sepp Jupp
Katharina: Kathi Käthe      Karl: Kalle                 Ludwig: Wiggerl Lutz       Magdalena: Leni Lena
Manfred: Manni Fredi        Margarete: Gretel Grete    Martina: Tina              Matthias: Matze Hias
Maximilian: Max Maxi        Michael: Michi Michel      Rüdiger: Rudi              Rudolf: Rudi
Sebastian: Basti Bastian    Siegfried: Siggi           Stefan: Steff              Susanne: Susi Sanne
Theresia: Resi              Thomas: Tommi              Ulrich: Uli                Ulrike: Uli Rike
Ursula: Uschi Ulla          Wilhelm: Willi Wim         Wolfgang: Wolf Wolfi
"""

FRENCH = """
Alexandre: Alex             Alexandrie: Alex           Antoine: Toine Tonio       Augustin: Gus
Benoît: Ben                 Bernadette: Dédette        Catherine: Cathy           Christophe: Chris
Christine: Cricri           Emmanuelle: Manue          Emmanuel: Manu             Frédéric: Fred Frédo
Geneviève: Ginette          Guillaume: Guigui          Isabelle: Isa              Jacqueline: Jacotte
Joséphine: José Fifine      Laurence: Lolo             Madeleine: Mado            Marguerite: Margot
Maurice: Momo               Nicolas: Nico              Patrick: Pat               Philippe: Phil
Sébastien: Seb              Stéphanie: Steph           Suzanne: Suzette Suzon     Théodore: Théo
Thérèse: Zézette            Valérie: Val               Véronique: Véro            Victoire: Vicky
"""

SPANISH = """
Alejandro: Álex Jandro      Alicia: Ali Licha          Antonio: Toño Toni         Beatriz: Bea
Carolina: Caro              Concepción: Concha Conchi  Consuelo: Chelo            Cristina: Cris Tina
Daniel: Dani                Dolores: Lola Loli         Eduardo: Edu Lalo          Encarnación: Encarna
Enrique: Quique             Federico: Fede             Fernando: Nando Fer        Francisca: Paca Paqui
Francisco: Paco Pancho Curro                           Gabriel: Gabi              Gonzalo: Gonza
Graciela: Chela             Gregorio: Goyo             Guadalupe: Lupe Lupita     Guillermo: Memo Guille
Ignacio: Nacho              Isabel: Isa Chabela        Jesús: Chus Chuy           José: Pepe
Josefa: Pepa                Josefina: Fina Pepita      Juan: Juanito              Leticia: Leti
Manuel: Manolo Manu         Manuela: Manoli            Mercedes: Merche           Montserrat: Montse
Patricia: Patri             Pilar: Pili                Rafael: Rafa               Ricardo: Richi
Roberto: Beto               Rosario: Charo             Salvador: Chava            Santiago: Santi
Sebastián: Sebas            Teresa: Tere               Vicente: Chente            Victoria: Vicky
"""

ITALIAN = """
Alessandra: Sandra Ale      Alessandro: Sandro Ale     Antonio: Tonino Totò       Domenico: Mimmo
Eleonora: Nora              Elisabetta: Betta          Emanuele: Lele             Federica: Fede
Filippo: Pippo              Francesca: Franca Checca   Francesco: Franco Cecco    Giacomo: Mino
Giovanni: Gianni Nanni      Giulio: Giulietto          Giuseppe: Beppe Peppe Pino Giuseppina: Pina
Gabriele: Lele              Lorenzo: Renzo             Luigi: Gigi                Margherita: Rita
Matteo: Teo                 Raffaele: Lello            Roberto: Berto             Salvatore: Totò Turi
Stefania: Stefi             Valentina: Vale            Vincenzo: Enzo             Vittorio: Vito
"""

PORTUGUESE = """
Alexandre: Xande            Antônio: Toninho Tonico    Augusto: Guto              Beatriz: Bia
Carlos: Carlinhos           Carolina: Carol            Eduardo: Dudu Edu          Fernanda: Nanda
Fernando: Nando             Francisco: Chico           Gabriela: Gabi             Gustavo: Guga
Isabel: Bel                 Isabella: Bela             João: Joca Joãozinho       Joaquim: Quim
José: Zé                    Leonardo: Léo              Luiz: Lula                 Manuela: Manu
Marcelo: Celo               Mariana: Mari              Rafael: Rafa               Roberto: Beto
Rodrigo: Digo               Sebastião: Tião            Vitória: Vivi              Vinicius: Vini
"""

DUTCH = """
Adrianus: Adri Arie         Antonius: Toon Ton         Bartholomeus: Bart         Catharina: Trijntje Toos
Cornelia: Corrie            Cornelis: Kees Cor         Elisabeth: Els Bep         Franciscus: Frans
Gerardus: Gerard Sjraar     Gerrit: Ger                Geertruida: Truus          Hendrik: Henk Rik
Hendrika: Rika Riek         Jacobus: Koos Sjaak        Johanna: Jopie Annie       Johannes: Jan Hans Joop
Leonardus: Leo              Lambertus: Bert            Maria: Marieke Mieke       Nicolaas: Klaas Nico
Petronella: Nel             Petrus: Piet               Theodorus: Theo Dorus      Wilhelmina: Mien Willemijn
Wilhelmus: Wim Willem       Willem: Wim Pim
"""

NORDIC = """
Anders: Adde                Birgitta: Gitta Gittan     Elisabet: Lisa Bettan      Fredrik: Fredde Figge
Gunilla: Nilla              Gustav: Gurra              Johan: Jojje               Katarina: Kattis Kajsa
Kristian: Krille            Kristina: Stina Kicki      Lennart: Lelle             Magdalena: Lena Malena
Magnus: Mange               Margareta: Greta Maggan    Mattias: Matte             Niklas: Nicke
Per: Pelle                  Sebastian: Sebbe           Stefan: Steffe             Tobias: Tobbe
Viktor: Vigge               Rasmus: Ras                Mikkel: Mik                Aleksanteri: Santeri
Antero: Antsa               Johannes: Hannes Jussi     Juhani: Juha Jussi         Katariina: Kati Katri
Matti: Masa                 Olavi: Olli                Tapani: Tapsa              Tuomas: Tume
"""

CZECH_AND_CROATIAN = """
Alexandra: Saša             Alžběta: Běta Bětka        Antonín: Tonda             Bohumil: Bohouš
Božena: Boženka             František: Franta          Jan: Honza Jenda           Jakub: Kuba
Jaroslav: Jarda             Jiří: Jirka                Josef: Pepa Pepík          Kateřina: Katka Káťa
Ladislav: Láďa              Ludmila: Lída              Magdaléna: Magda           Miloslav: Milda
Miroslav: Mirek             Oldřich: Olda              Stanislav: Standa          Václav: Vašek Venca
Vladimír: Vláďa             Vojtěch: Vojta             Zdeněk: Zdenda             Zuzana: Zuzka
Antun: Ante Tonći           Ivan: Ivo Ivica            Josip: Joso Joža           Katarina: Kata
Nikola: Niko                Stjepan: Stipe Štef        Tomislav: Tomo             Marija: Mara Maja
"""

RUSSIAN = """
Александр: Саша Шура        Александра: Саша Шура      Алексей: Лёша Алёша        Анастасия: Настя
Анатолий: Толя              Ангелина: Геля             Анна: Аня Нюра             Борис: Боря
Валентина: Валя             Валерий: Валера            Валерия: Лера              Василий: Вася
Виктор: Витя                Виктория: Вика             Виталий: Виталик           Владимир: Вова Володя
Владислав: Влад             Вячеслав: Слава            Галина: Галя               Геннадий: Гена
Георгий: Гоша Жора          Григорий: Гриша            Дарья: Даша                Дмитрий: Дима Митя
Евгений: Женя               Евгения: Женя              Екатерина: Катя            Елена: Лена
Елизавета: Лиза             Иван: Ваня                 Ирина: Ира                 Константин: Костя
Ксения: Ксюша               Лев: Лёва                  Леонид: Лёня               Людмила: Люда
Максим: Макс                Маргарита: Рита            Мария: Маша                Михаил: Миша
Надежда: Надя               Наталья: Наташа            Николай: Коля              Ольга: Оля
Павел: Паша                 Пётр: Петя                 Полина: Поля               Роман: Рома
Светлана: Света             Сергей: Серёжа             Станислав: Стас            София: Соня
Степан: Стёпа               Татьяна: Таня              Фёдор: Федя                Юлия: Юля
Юрий: Юра                   Яков: Яша                  Ярослав: Ярик              Тимофей: Тима
"""

UKRAINIAN_AND_BULGARIAN = """
Богдан: Бодя                Григорій: Гриць            Дмитро: Дмитрик            Зеновій: Зенко
Іван: Івась                 Катерина: Катруся          Михайло: Мишко             Олександр: Сашко Олесь
Олександра: Леся            Олексій: Льоша             Олена: Оленка              Ольга: Оля
Петро: Петрик               Степан: Стефко             Тарас: Тарасик             Ярослав: Славко
Александър: Сашо Алекс      Божидар: Божо              Владимир: Владо            Георги: Гошо Жоро
Димитър: Митко Митьо        Йордан: Данчо              Иван: Ванко Ваньо          Никола: Кольо
Николай: Ники Кольо         Петър: Пешо                Стефан: Чефо               Стоян: Тони
Тодор: Тошо                 Христо: Ицо                Любомир: Любо              Красимир: Краси
"""

GREEK = """
Αθανάσιος: Θανάσης Νάσος    Αικατερίνη: Κατερίνα       Αλέξανδρος: Αλέκος         Αναστασία: Τασία Νατάσα
Αναστάσιος: Τάσος           Αντώνιος: Αντώνης          Βασίλειος: Βασίλης         Βασιλική: Βάσω Βίκυ
Γεώργιος: Γιώργος           Γεωργία: Γωγώ              Δημήτριος: Δημήτρης Μήτσος Δήμητρα: Μιμή
Ειρήνη: Ρένα                Ελένη: Λένα Νίτσα          Ελευθέριος: Λευτέρης       Εμμανουήλ: Μανώλης
Ευάγγελος: Βαγγέλης         Ευαγγελία: Λίτσα Εύη       Ευστάθιος: Στάθης          Θεόδωρος: Θοδωρής
Ιωάννης: Γιάννης            Κωνσταντίνα: Ντίνα         Κωνσταντίνος: Κώστας Ντίνος
Μαρία: Μαίρη                Μιχαήλ: Μιχάλης            Νικόλαος: Νίκος            Παναγιώτης: Πάνος Τάκης
Παρασκευή: Βούλα Εύη        Σπυρίδων: Σπύρος           Σταυρούλα: Βούλα           Στυλιανός: Στέλιος
Σωτήριος: Σωτήρης           Χαράλαμπος: Μπάμπης Χάρης  Χρήστος: Κίτσος            Χριστίνα: Τίνα
"""

# Which table is used with the surnames of which Faker locale.
TABLES = {
    "en_US": ENGLISH,
    "en_GB": ENGLISH,
    "de_DE": GERMAN,
    "fr_FR": FRENCH,
    "es_ES": SPANISH,
    "it_IT": ITALIAN,
    "pt_BR": PORTUGUESE,
    "nl_NL": DUTCH,
    "sv_SE": NORDIC,
    "da_DK": NORDIC,
    "fi_FI": NORDIC,
    "cs_CZ": CZECH_AND_CROATIAN,
    "hr_HR": CZECH_AND_CROATIAN,
    "ru_RU": RUSSIAN,
    "uk_UA": UKRAINIAN_AND_BULGARIAN,
    "bg_BG": UKRAINIAN_AND_BULGARIAN,
    "el_GR": GREEK,
}


def nicknames(locale: str) -> dict[str, tuple[str, ...]]:
    """Forename -> short forms for a Faker locale, in table order; empty where no table is kept."""
    forms: dict[str, list[str]] = {}
    forename = ""
    for word in TABLES.get(locale, "").split():
        if word.endswith(":"):
            forename = word.removesuffix(":")
            forms[forename] = []
        else:
            forms[forename].append(word)
    return {forename: tuple(short) for forename, short in forms.items()}
