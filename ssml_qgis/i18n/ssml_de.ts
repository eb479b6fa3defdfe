<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" sourcelanguage="en" language="de">
<context>
<name>SSML</name>
<message><source>Inspect a pair</source>
<translation>Ein Bildpaar prüfen</translation></message>
<message><source>Quality</source>
<translation>Güte</translation></message>
<message><source>Says in seconds, without learning, whether an HSI and a PAN fit together, and what is wrong with them.</source>
<translation>Sagt in Sekunden und ohne zu lernen, ob HSI und PAN zusammenpassen und was an ihnen nicht stimmt.</translation></message>
<message><source>Measured are the shift of the PAN against the HSI, as a whole and in each place, how alike the two are, how blurred the HSI is, and which bands the PAN is made of: detail of bands beyond it is inferred. Bad bands, missing samples, defects of the detectors, fill values that the files do not declare, what sharpening would do and about how long it would take, and all warnings stand on the same page, under a verdict in one sentence.</source>
<translation>Gemessen werden die Verschiebung des PAN gegen das HSI, im Ganzen und an jeder Stelle, wie ähnlich sich die beiden sind, wie unscharf das HSI ist, und aus welchen Kanälen das PAN besteht: Einzelheiten der Kanäle jenseits davon sind erschlossen. Schlechte Kanäle, fehlende Abtastwerte, Fehler der Detektoren, Füllwerte, die die Dateien nicht angeben, was das Schärfen täte und wie lange es etwa dauerte, und alle Warnungen stehen auf derselben Seite, unter einem Urteil in einem Satz.</translation></message>
<message><source>Nothing is changed and no image is written. What it says is what the other algorithms see of the pair.</source>
<translation>Nichts wird verändert und kein Bild geschrieben. Gesagt wird, was die anderen Algorithmen von dem Paar sehen.</translation></message>
<message><source>The hyperspectral image: a raster with many bands, any format that GDAL reads. Wavelengths, the bad-band list, nodata, scale and offset are taken from the file and kept.</source>
<translation>Das Hyperspektralbild: ein Raster mit vielen Kanälen in jedem Format, das GDAL liest. Wellenlängen, die Liste schlechter Kanäle, Nodata, Skalierung und Versatz werden aus der Datei übernommen und bleiben erhalten.</translation></message>
<message><source>Hyperspectral image (HSI)</source>
<translation>Hyperspektralbild (HSI)</translation></message>
<message><source>A product as it is delivered, instead of a layer: its file (of many files the metadata), its folder, or a zip or tar archive. Leave the layer empty then; the product may stand in its place, too.</source>
<translation>Ein Produkt, wie es geliefert wird, statt eines Layers: seine Datei (von vielen Dateien die der Metadaten), sein Ordner oder ein Zip- oder Tar-Archiv. Lassen Sie den Layer dann leer; das Produkt darf auch an seiner Stelle stehen.</translation></message>
<message><source>Hyperspectral image (HSI): product instead of a layer</source>
<translation>Hyperspektralbild (HSI): Produkt statt eines Layers</translation></message>
<message><source>The sharper image of the same place: a panchromatic image, or a multispectral one as of Sentinel-2, of which all bands are used; pixels at least 1.5 times smaller than those of the HSI. The two grids need not nest; CRS and rotation may differ. It may be made of several files.</source>
<translation>Das schärfere Bild desselben Ortes: ein panchromatisches Bild, oder ein multispektrales wie von Sentinel-2, von dem alle Kanäle benutzt werden; Pixel mindestens 1,5-mal kleiner als die des HSI. Die beiden Gitter müssen nicht ineinanderpassen; KBS und Drehung dürfen sich unterscheiden. Es darf aus mehreren Dateien bestehen.</translation></message>
<message><source>Sharper image: panchromatic (PAN) or multispectral</source>
<translation>Schärferes Bild: panchromatisch (PAN) oder multispektral</translation></message>
<message><source>Sharper image: panchromatic (PAN) or multispectral: product instead of a layer</source>
<translation>Schärferes Bild: panchromatisch (PAN) oder multispektral: Produkt statt eines Layers</translation></message>
<message><source>Only these bands are looked at: numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm; empty: all.</source>
<translation>Nur diese Kanäle werden betrachtet: Nummern ab 1, wie 1-100,120, oder Wellenlängen, wie 430-900 nm; leer: alle.</translation></message>
<message><source>Bands of the HSI to use, as in 1-100,120 or 430-900 nm</source>
<translation>Zu verwendende Kanäle des HSI, wie 1-100,120 oder 430-900 nm</translation></message>
<message><source>A raster of one band, on any grid: where it is not 0 (clouds, change), nothing is learned and no statistics are taken. These pixels are sharpened as the others are.</source>
<translation>Ein Raster mit einem Kanal auf beliebigem Gitter: Wo es nicht 0 ist (Wolken, Veränderungen), wird nichts gelernt und keine Statistik gebildet. Geschärft werden diese Pixel wie die anderen.</translation></message>
<message><source>Mask of pixels not to learn from</source>
<translation>Maske der Pixel, aus denen nicht gelernt wird</translation></message>
<message><source>auto: white noise of the HSI's detectors is looked for; where there is some, what cannot be told from it is removed from the spectra before the fusion, which would sharpen it with them. What passed the optics is blurred and such noise is not, so an image without it is left as it is. off: the HSI is taken with its noise.</source>
<translation>auto: Weißes Rauschen der Detektoren des HSI wird gesucht; wo es welches gibt, wird vor der Fusion aus den Spektren entfernt, was sich nicht von ihm unterscheiden lässt, denn sie würde es mitschärfen. Was durch die Optik kam, ist unscharf, solches Rauschen ist es nicht; ein Bild ohne es bleibt daher, wie es ist. off: Das HSI wird mit seinem Rauschen genommen.</translation></message>
<message><source>Noise of the HSI</source>
<translation>Rauschen des HSI</translation></message>
<message><source>Find it and remove it</source>
<translation>Finden und entfernen</translation></message>
<message><source>Leave it</source>
<translation>Belassen</translation></message>
<message><source>auto: pixels where the PAN shows something else than the HSI (a cloud in one of them, what has moved, a hot pixel) are found and counted; nothing is learned from them, and the PAN's detail is faded there. off: they are taken as the others.</source>
<translation>auto: Pixel, an denen das PAN etwas anderes zeigt als das HSI (eine Wolke in einem der beiden, was sich bewegt hat, ein heißes Pixel), werden gefunden und gezählt; aus ihnen wird nichts gelernt, und die Einzelheiten des PAN werden dort ausgeblendet. off: Sie werden wie die anderen genommen.</translation></message>
<message><source>Pixels where the PAN contradicts the HSI</source>
<translation>Pixel, an denen das PAN dem HSI widerspricht</translation></message>
<message><source>Find them and leave them out (recommended)</source>
<translation>Finden und auslassen (empfohlen)</translation></message>
<message><source>Take them as the others</source>
<translation>Wie die anderen nehmen</translation></message>
<message><source>auto: the PAN's grid where its rows and columns run as those of the HSI do; else, as with another CRS or a rotated image, the HSI's own grid, refined by the rounded ratio; an HSI in sensor geometry is put on a map grid when it is finished, by nearest neighbour. pan: the PAN's grid in any case, to which the finished image is warped once. hsi: the HSI's grid in any case. Before the fusion it is the PAN that moves, never the HSI's samples.</source>
<translation>auto: das Gitter des PAN, wo seine Zeilen und Spalten laufen wie die des HSI; sonst, wie bei einem anderen KBS oder einem gedrehten Bild, das Gitter des HSI selbst, verfeinert um das gerundete Verhältnis; ein HSI in Sensorgeometrie wird, wenn es fertig ist, nach dem nächsten Nachbarn auf ein Kartengitter gelegt. pan: in jedem Fall das Gitter des PAN, auf das das fertige Bild einmal umgerechnet wird. hsi: in jedem Fall das Gitter des HSI. Vor der Fusion bewegt sich das PAN, nie die Abtastwerte des HSI.</translation></message>
<message><source>Grid of the result</source>
<translation>Gitter des Ergebnisses</translation></message>
<message><source>Automatic (recommended)</source>
<translation>Automatisch (empfohlen)</translation></message>
<message><source>The PAN's grid in any case</source>
<translation>In jedem Fall das Gitter des PAN</translation></message>
<message><source>The HSI's grid in any case</source>
<translation>In jedem Fall das Gitter des HSI</translation></message>
<message><source>Pixel size of the sharper image, and so of the result, in map units: finer pixels are averaged to about that. Empty: its own; where more than 40 of them lie along an HSI pixel, they are averaged to 16 or fewer.</source>
<translation>Pixelgröße des schärferen Bildes und damit des Ergebnisses, in Karteneinheiten: feinere Pixel werden auf etwa diese Größe gemittelt. Leer: seine eigene; wo mehr als 40 auf ein HSI-Pixel kommen, werden sie auf 16 oder weniger gemittelt.</translation></message>
<message><source>Pixel size to average the sharper image to, in map units (empty: its own)</source>
<translation>Pixelgröße, auf die das schärfere Bild gemittelt wird, in Karteneinheiten (leer: seine eigene)</translation></message>
<message><source>A second sharper image, of other pixels than the first, as the multispectral bands that come with a PAN, or Sentinel-2 beside PRISMA's PAN: bands of larger pixels are first sharpened by those of smaller ones, then all are used. Its bands are counted on from those of the first. A product of Sentinel-2 (.SAFE) brings its bands of 20 m by itself.</source>
<translation>Ein zweites schärferes Bild mit anderen Pixeln als das erste, wie die multispektralen Kanäle, die zu einem PAN gehören, oder Sentinel-2 neben dem PAN von PRISMA: Kanäle mit größeren Pixeln werden zuerst durch die mit kleineren geschärft, dann werden alle benutzt. Seine Kanäle werden nach denen des ersten weitergezählt. Ein Produkt von Sentinel-2 (.SAFE) bringt seine Kanäle von 20 m selbst mit.</translation></message>
<message><source>Second sharper image, of other pixels</source>
<translation>Zweites schärferes Bild, mit anderen Pixeln</translation></message>
<message><source>Further files of the sharper image, such as the other tiles of Sentinel-2, each with its own CRS. Those that share ground with the HSI are taken as one image with the first; where several have a value, that of the first counts.</source>
<translation>Weitere Dateien des schärferen Bildes, etwa die anderen Kacheln von Sentinel-2, jede mit ihrem eigenen KBS. Die, die Boden mit dem HSI teilen, werden mit der ersten als ein Bild genommen; wo mehrere einen Wert haben, gilt der der ersten.</translation></message>
<message><source>More files of the sharper image, taken as one with it</source>
<translation>Weitere Dateien des schärferen Bildes, mit ihm als eines genommen</translation></message>
<message><source>A file that says where the pixels of an HSI in sensor geometry lie: a raster of two bands with the HSI's rows and columns, longitude and latitude (or x and y) of each pixel, or a geographic lookup table (GLT), a raster on a map grid whose two bands name the column and row, from 1, of the HSI pixel there. The HSI is sharpened in its own rows and columns and then put on a map grid. An elevation model (one band) gives heights to images with RPCs.</source>
<translation>Eine Datei, die sagt, wo die Pixel eines HSI in Sensorgeometrie liegen: ein Raster mit zwei Kanälen und den Zeilen und Spalten des HSI, Länge und Breite (oder x und y) jedes Pixels, oder eine geographische Zuordnungstabelle (GLT), ein Raster auf einem Kartengitter, dessen zwei Kanäle Spalte und Zeile, ab 1, des dortigen HSI-Pixels nennen. Das HSI wird in seinen eigenen Zeilen und Spalten geschärft und dann auf ein Kartengitter gelegt. Ein Höhenmodell (ein Kanal) gibt Bildern mit RPCs Höhen.</translation></message>
<message><source>Geolocation of the HSI: coordinates or lookup table; heights for RPCs</source>
<translation>Lage der Pixel des HSI: Koordinaten oder Zuordnungstabelle; Höhen für RPCs</translation></message>
<message><source>The coordinate reference system of an HSI, a PAN or a mask whose file has none, as EPSG:32633 or as WKT; others keep their own.</source>
<translation>Das Koordinatenbezugssystem eines HSI, eines PAN oder einer Maske, deren Datei keines hat, wie EPSG:32633 oder als WKT; andere behalten ihr eigenes.</translation></message>
<message><source>CRS of an image that has none, as EPSG:32633</source>
<translation>KBS eines Bildes, das keines hat, wie EPSG:32633</translation></message>
<message><source>Where two detectors of the HSI see the same wavelengths: keep all bands; drop those of the detector of shorter wavelengths; or join the two at a wavelength in nm, as 960. Empty: as is usual for the product (PRISMA: drop; others: keep).</source>
<translation>Wo zwei Detektoren des HSI dieselben Wellenlängen sehen: keep behält alle Kanäle; drop lässt die des Detektors der kürzeren Wellenlängen weg; eine Wellenlänge in nm wie 960 fügt die beiden dort zusammen. Leer: wie es beim Produkt üblich ist (PRISMA: drop; andere: keep).</translation></message>
<message><source>Bands where detectors overlap: keep, drop, or a wavelength in nm</source>
<translation>Kanäle, wo Detektoren sich überlappen: keep, drop oder eine Wellenlänge in nm</translation></message>
<message><source>Order of the HSI's bands: file, as they are stored; wavelength, sorted from short to long; auto, as is usual for the product (PRISMA: wavelength; others: file).</source>
<translation>Reihenfolge der Kanäle des HSI: file, wie sie gespeichert sind; wavelength, von kurzen zu langen Wellenlängen sortiert; auto, wie es beim Produkt üblich ist (PRISMA: wavelength; andere: file).</translation></message>
<message><source>Order of the bands</source>
<translation>Reihenfolge der Kanäle</translation></message>
<message><source>As is usual for the product</source>
<translation>Wie bei dem Produkt üblich</translation></message>
<message><source>As stored</source>
<translation>Wie gespeichert</translation></message>
<message><source>By wavelength</source>
<translation>Nach der Wellenlänge</translation></message>
<message><source>The number that stands for “no value” in the HSI beside what the file declares, as -9999, or several, as -9999,0; none: no number does, not even a declared one, and none,-9999: -9999 alone. Empty: what the file declares, and a number that fills all bands of a region at the border is looked for, taken and warned of.</source>
<translation>Die Zahl, die im HSI für „kein Wert“ steht, neben dem, was die Datei angibt, wie -9999, oder mehrere, wie -9999,0; none: keine Zahl, auch keine angegebene, und none,-9999: -9999 allein. Leer: was die Datei angibt, und eine Zahl, die am Rand ein Gebiet in allen Bändern füllt, wird gesucht, genommen und gemeldet.</translation></message>
<message><source>Nodata value of the HSI (empty: the file's own, none: no value)</source>
<translation>Nodata-Wert des HSI (leer: die der Datei, none: kein Wert)</translation></message>
<message><source>As that of the HSI, for the PAN.</source>
<translation>Wie beim HSI, für das PAN.</translation></message>
<message><source>Nodata value of the PAN (empty: the file's own, none: no value)</source>
<translation>Nodata-Wert des PAN (leer: die der Datei, none: kein Wert)</translation></message>
<message><source>Only these bands of the sharper image are used: numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm; empty: all.</source>
<translation>Nur diese Kanäle des schärferen Bildes werden verwendet: Nummern ab 1, wie 1-100,120, oder Wellenlängen, wie 430-900 nm; leer: alle.</translation></message>
<message><source>Bands of the sharper image to use, as in 1-4 or 430-900 nm</source>
<translation>Zu verwendende Kanäle des schärferen Bildes, wie 1-4 oder 430-900 nm</translation></message>
<message><source>A page in one HTML file, with charts and pictures; opens in any browser.</source>
<translation>Eine Seite in einer einzigen HTML-Datei, mit Diagrammen und Bildern; lässt sich in jedem Browser öffnen.</translation></message>
<message><source>Report</source>
<translation>Bericht</translation></message>
<message><source>HTML (*.html)</source>
<translation>HTML (*.html)</translation></message>
<message><source>All numbers, in one JSON file.</source>
<translation>Alle Zahlen in einer JSON-Datei.</translation></message>
<message><source>Results as JSON</source>
<translation>Ergebnisse als JSON</translation></message>
<message><source>JSON (*.json)</source>
<translation>JSON (*.json)</translation></message>
<message><source>Three float32 bands on the HSI's grid, or a coarser one of a large scene: by how much the PAN must be moved in each place, besides its shift as a whole, to the right (dx) and downwards (dy), in PAN pixels, and how confident that is (0 to 1). All 0 where no local shift is found.</source>
<translation>Drei Kanäle (float32) auf dem Gitter des HSI, bei einer großen Szene auf einem gröberen: um wie viel das PAN an jeder Stelle, außer im Ganzen, nach rechts (dx) und nach unten (dy) verschoben werden muss, in PAN-Pixeln, und wie sicher das ist (0 bis 1). Überall 0, wo keine örtliche Verschiebung gefunden wird.</translation></message>
<message><source>Local shift of the PAN</source>
<translation>Örtliche Verschiebung des PAN</translation></message>
<message><source>PAN pixels per HSI pixel.</source>
<translation>PAN-Pixel je HSI-Pixel.</translation></message>
<message><source>Ratio</source>
<translation>Verhältnis</translation></message>
<message><source>By how many columns the PAN must be moved to lie on the HSI, in PAN pixels; empty where it cannot be measured.</source>
<translation>Um wie viele Spalten das PAN verschoben werden muss, damit es auf dem HSI liegt, in PAN-Pixeln; leer, wo sich das nicht messen lässt.</translation></message>
<message><source>Shift along columns (PAN pixels)</source>
<translation>Verschiebung in Spalten (PAN-Pixel)</translation></message>
<message><source>By how many rows the PAN must be moved to lie on the HSI, in PAN pixels; empty where it cannot be measured.</source>
<translation>Um wie viele Zeilen das PAN verschoben werden muss, damit es auf dem HSI liegt, in PAN-Pixeln; leer, wo sich das nicht messen lässt.</translation></message>
<message><source>Shift along rows (PAN pixels)</source>
<translation>Verschiebung in Zeilen (PAN-Pixel)</translation></message>
<message><source>By how much the PAN must be moved in each place besides, in PAN pixels, root mean square; 0 where no local shift is found, empty where it cannot be measured.</source>
<translation>Um wie viel das PAN außerdem an jeder Stelle verschoben werden muss, in PAN-Pixeln, quadratisches Mittel; 0, wo keine örtliche Verschiebung gefunden wird, leer, wo sie sich nicht messen lässt.</translation></message>
<message><source>Local shift (PAN pixels)</source>
<translation>Örtliche Verschiebung (PAN-Pixel)</translation></message>
<message><source>Gain at the HSI's Nyquist frequency along columns (across track) that the jobs compute with: as measured where that is sure, else published or assumed.</source>
<translation>MTF-Wert bei der Nyquist-Frequenz des HSI längs der Spalten (quer zur Flugrichtung), mit dem gerechnet wird: gemessen, wo das sicher ist, sonst veröffentlicht oder angenommen.</translation></message>
<message><source>MTF gain along columns</source>
<translation>MTF-Wert längs der Spalten</translation></message>
<message><source>Gain at the HSI's Nyquist frequency along rows (along track) that the jobs compute with: as measured where that is sure, else published or assumed.</source>
<translation>MTF-Wert bei der Nyquist-Frequenz des HSI längs der Zeilen (in Flugrichtung), mit dem gerechnet wird: gemessen, wo das sicher ist, sonst veröffentlicht oder angenommen.</translation></message>
<message><source>MTF gain along rows</source>
<translation>MTF-Wert längs der Zeilen</translation></message>
<message><source>Share of the degraded PAN's variance that the HSI's bands explain with weights that are not negative; 1 is all of it.</source>
<translation>Anteil der Varianz des vergröberten PAN, den die Kanäle des HSI mit nicht negativen Gewichten erklären; 1 ist alles.</translation></message>
<message><source>Share of the PAN that the bands explain</source>
<translation>Anteil des PAN, den die Kanäle erklären</translation></message>
<message><source>Share of the HSI's pixels that the PAN covers; 1 is all of them.</source>
<translation>Anteil der HSI-Pixel, die das PAN bedeckt; 1 sind alle.</translation></message>
<message><source>Overlap</source>
<translation>Überdeckung</translation></message>
<message><source>Whether the pair is fit for sharpening, in one sentence.</source>
<translation>Ob sich das Paar schärfen lässt, in einem Satz.</translation></message>
<message><source>Verdict</source>
<translation>Urteil</translation></message>
<message><source>Sharpen a scene</source>
<translation>Szene schärfen</translation></message>
<message><source>Fusion</source>
<translation>Fusion</translation></message>
<message><source>Brings a hyperspectral image to the pixel size of a sharper one, learning from the scene itself.</source>
<translation>Bringt ein Hyperspektralbild auf die Pixelgröße eines schärferen Bildes und lernt dabei aus der Szene selbst.</translation></message>
<message><source>Needs nothing but the two rasters. The scene is degraded by the sensor's MTF; a spectral and a spatial network learn on that smaller pair, where the truth is known, and from each other; what they learned is then applied to the scene at full resolution.</source>
<translation>Braucht nichts als die beiden Raster. Die Szene wird mit der MTF des Sensors vergröbert; ein spektrales und ein räumliches Netz lernen an diesem kleineren Paar, bei dem die Wahrheit bekannt ist, und voneinander; was sie gelernt haben, wird dann auf die Szene in voller Auflösung angewandt.</translation></message>
<message><source>The result lies on the PAN's grid, clipped to the overlap, or, where the two are not parallel, on the HSI's, refined; it carries the HSI's bands, wavelengths, data type and nodata.</source>
<translation>Das Ergebnis liegt auf dem Gitter des PAN, auf die Überlappung zugeschnitten, oder, wo die beiden nicht parallel sind, auf dem des HSI, verfeinert; es trägt Kanäle, Wellenlängen, Datentyp und Nodata-Wert des HSI.</translation></message>
<message><source>Needs PyTorch and safetensors.</source>
<translation>Braucht PyTorch und safetensors.</translation></message>
<message><source>How long to learn: fast for a first look, normal, or thorough for the best result. The numbers of networks and of steps follow from the effort and the size of the scene, never from a clock.</source>
<translation>Wie lange gelernt wird: fast für einen ersten Blick, normal, oder thorough für das beste Ergebnis. Die Zahlen der Netze und der Schritte folgen aus dem Aufwand und der Größe der Szene, nie aus einer Uhr.</translation></message>
<message><source>Effort of learning</source>
<translation>Aufwand des Lernens</translation></message>
<message><source>Fast, for a first look</source>
<translation>Schnell, für einen ersten Blick</translation></message>
<message><source>Normal (recommended)</source>
<translation>Normal (empfohlen)</translation></message>
<message><source>Thorough, for the best result</source>
<translation>Gründlich, für das beste Ergebnis</translation></message>
<message><source>What learns: ssml, a spectral and a spatial network that teach each other, for any number of bands; s2bnet, one small binarized network for images of 3 to 16 bands, fast without a graphics card; bisrnet, its simpler ancestor; s2bnet_float, the same network in full precision, to compare with.</source>
<translation>Was lernt: ssml, ein spektrales und ein räumliches Netz, die einander unterrichten, für beliebig viele Kanäle; s2bnet, ein kleines binarisiertes Netz für Bilder mit 3 bis 16 Kanälen, schnell ohne Grafikkarte; bisrnet, sein einfacherer Vorfahr; s2bnet_float, dasselbe Netz in voller Genauigkeit, zum Vergleich.</translation></message>
<message><source>Network</source>
<translation>Netz</translation></message>
<message><source>SSML: two networks that teach each other (recommended)</source>
<translation>SSML: zwei Netze, die voneinander lernen (empfohlen)</translation></message>
<message><source>S2BNet: small and binarized, for 3 to 16 bands</source>
<translation>S2BNet: klein und binarisiert, für 3 bis 16 Kanäle</translation></message>
<message><source>BiSRNet: binarized, its simpler ancestor</source>
<translation>BiSRNet: binarisiert, sein einfacherer Vorläufer</translation></message>
<message><source>S2BNet in full precision</source>
<translation>S2BNet in voller Genauigkeit</translation></message>
<message><source>Only this part of the scene is computed; empty: all of the overlap of HSI and PAN. In the HSI's CRS; in QGIS in any.</source>
<translation>Nur dieser Teil der Szene wird berechnet; leer: die ganze Überlappung von HSI und PAN. Im KBS des HSI; in QGIS in einem beliebigen.</translation></message>
<message><source>Extent to work on</source>
<translation>Zu bearbeitende Ausdehnung</translation></message>
<message><source>Only these bands are used and written: numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm; empty: all.</source>
<translation>Nur diese Kanäle werden benutzt und geschrieben: Nummern ab 1, wie 1-100,120, oder Wellenlängen, wie 430-900 nm; leer: alle.</translation></message>
<message><source>Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency, between 0 and 1: how much the sensor blurs; a smaller number means a blurrier sensor. auto measures it from the two images, vertically and horizontally; where the measurement is not sure, the gain that is published of the product's sensor is taken, else 0.3. Otherwise a number; two, as 0.2,0.35, vertically (along track) and horizontally (across); one or two for each group of bands, as 400-1000nm:0.2,0.3;1000-2500nm:0.15 (one mean blur is computed with); or the name of a sensor whose gain is published: prisma, enmap, tanager, quickbird, ikonos, geoeye-1, worldview-2, worldview-3.</source>
<translation>Wert der Modulationsübertragungsfunktion des Sensors bei der Nyquist-Frequenz des HSI, zwischen 0 und 1: wie sehr der Sensor verwischt; eine kleinere Zahl bedeutet einen unschärferen Sensor. auto misst ihn aus den beiden Bildern, senkrecht und waagerecht; wo die Messung nicht sicher ist, wird der veröffentlichte Wert des Sensors genommen, von dem das Produkt ist, sonst 0.3. Sonst eine Zahl; zwei, wie 0.2,0.35, senkrecht (in Flugrichtung) und waagerecht (quer dazu); eine oder zwei für jede Gruppe von Kanälen, wie 400-1000nm:0.2,0.3;1000-2500nm:0.15 (gerechnet wird mit einer mittleren Unschärfe); oder der Name eines Sensors, dessen Wert veröffentlicht ist: prisma, enmap, tanager, quickbird, ikonos, geoeye-1, worldview-2, worldview-3.</translation></message>
<message><source>MTF gain of the HSI at its Nyquist frequency: auto, number, along,across, or sensor</source>
<translation>MTF-Wert des HSI bei seiner Nyquist-Frequenz: auto, Zahl, längs,quer oder Sensor</translation></message>
<message><source>How far the PAN is shifted against the HSI is measured by phase correlation. auto: the PAN's position is moved by that, to a fraction of a pixel, where it is sure, and the log warns where it is not; the result lies on the moved grid. Where it is sure as well that each place is off by another amount (terrain, jitter of a sensor), the PAN is resampled once to undo that, and the result lies on the PAN's own grid. global: it is moved as a whole, even if that is not sure, and a shift that cannot be measured is refused. local: as global, and a local shift is undone wherever there is one. none: it stays, and the log warns from half a PAN pixel on.</source>
<translation>Wie weit das PAN gegen das HSI verschoben ist, wird durch Phasenkorrelation gemessen. auto: Die Lage des PAN wird um das Gemessene verschoben, auf Bruchteile eines Pixels, wo das sicher ist, und wo nicht, warnt das Protokoll; das Ergebnis liegt auf dem verschobenen Gitter. Wo außerdem sicher ist, dass jede Stelle anders verschoben ist (Gelände, Zittern eines Sensors), wird das PAN einmal neu abgetastet, um das aufzuheben, und das Ergebnis liegt auf dem Gitter des PAN selbst. global: Es wird im Ganzen verschoben, auch wenn das nicht sicher ist, und eine Verschiebung, die sich nicht messen lässt, wird abgelehnt. local: wie global, und eine örtliche Verschiebung wird überall aufgehoben, wo es eine gibt. none: Es bleibt, und ab einem halben PAN-Pixel warnt das Protokoll.</translation></message>
<message><source>How the PAN is moved onto the HSI</source>
<translation>Wie das PAN auf das HSI verschoben wird</translation></message>
<message><source>Automatic: where the shift is sure (recommended)</source>
<translation>Automatisch: wo die Verschiebung sicher ist (empfohlen)</translation></message>
<message><source>Leave the PAN where it is</source>
<translation>Das PAN lassen, wo es ist</translation></message>
<message><source>Move it as a whole, in any case</source>
<translation>In jedem Fall als Ganzes verschieben</translation></message>
<message><source>Move it as a whole, and each place as well</source>
<translation>Als Ganzes verschieben, und jede Stelle für sich</translation></message>
<message><source>What is done with implausible samples: far outside of what the 3 x 3 HSI pixels around hold, or below 0 where none of these is. none: they are counted, and the log says how many; range: each is set to the limit that it is beyond. The limits lie five times the range of the pixels around, and three standard deviations of the band, outside of it.</source>
<translation>Was mit unplausiblen Werten geschieht: weit außerhalb dessen, was die 3 x 3 HSI-Pixel ringsum enthalten, oder unter 0, wo keines davon es ist. none: Sie werden gezählt, und das Protokoll nennt ihre Zahl; range: Jeder wird auf die Grenze gesetzt, jenseits derer er liegt. Die Grenzen liegen um das Fünffache der Spannweite der Pixel ringsum und drei Standardabweichungen des Kanals außerhalb davon.</translation></message>
<message><source>Implausible samples</source>
<translation>Unplausible Werte</translation></message>
<message><source>Count them and say so</source>
<translation>Zählen und melden</translation></message>
<message><source>Set them to the limit that they are beyond</source>
<translation>Auf die überschrittene Grenze setzen</translation></message>
<message><source>How many times the result is corrected so that, degraded again by the MTF, it gives back the HSI. 0 switches the correction off. The networks learn and are judged with the same number.</source>
<translation>Wie oft das Ergebnis berichtigt wird, damit es, mit der MTF wieder vergröbert, das HSI ergibt. 0 schaltet die Berichtigung aus. Die Netze lernen und werden beurteilt mit derselben Zahl.</translation></message>
<message><source>Iterations of the consistency projection</source>
<translation>Schritte der Konsistenzprojektion</translation></message>
<message><source>The same inputs and the same seed give the same result on the same machine and device.</source>
<translation>Dieselben Eingaben und derselbe Startwert geben auf derselben Maschine und demselben Gerät dasselbe Ergebnis.</translation></message>
<message><source>Seed of the random numbers</source>
<translation>Startwert der Zufallszahlen</translation></message>
<message><source>auto takes a graphics card if one works and the processor otherwise; cpu is the processor, cuda an NVIDIA card, mps an Apple one.</source>
<translation>auto nimmt eine Grafikkarte, wenn eine funktioniert, und sonst den Prozessor; cpu ist der Prozessor, cuda eine NVIDIA-Karte, mps eine von Apple.</translation></message>
<message><source>Device to compute on</source>
<translation>Gerät, auf dem gerechnet wird</translation></message>
<message><source>Processor (CPU)</source>
<translation>Prozessor (CPU)</translation></message>
<message><source>NVIDIA graphics card (CUDA)</source>
<translation>Grafikkarte von NVIDIA (CUDA)</translation></message>
<message><source>Apple graphics (MPS)</source>
<translation>Grafik von Apple (MPS)</translation></message>
<message><source>The rows computed at a time are chosen so that this much memory suffices; automatic: 1 GB, halved while that is more than half of what is free.</source>
<translation>Die auf einmal berechneten Zeilen werden so gewählt, dass dieser Speicher genügt; automatisch: 1 GB, halbiert, solange das mehr als die Hälfte des freien Speichers ist.</translation></message>
<message><source>Memory to use at most, in GB (0: automatic)</source>
<translation>Höchstens zu benutzender Speicher in GB (0: automatisch)</translation></message>
<message><source>zstd is faster than deflate, but older software and QGIS 3.44 and 4.0 for macOS cannot read it; none makes large files at once.</source>
<translation>zstd ist schneller als deflate, aber ältere Programme sowie QGIS 3.44 und 4.0 für macOS können es nicht lesen; none macht große Dateien ohne Verzug.</translation></message>
<message><source>Compression of a GeoTIFF</source>
<translation>Kompression eines GeoTIFF</translation></message>
<message><source>Deflate (recommended)</source>
<translation>Deflate (empfohlen)</translation></message>
<message><source>Zstandard, faster</source>
<translation>Zstandard, schneller</translation></message>
<message><source>None</source>
<translation>Keine</translation></message>
<message><source>Adds copies at a half, a quarter ... of the resolution to the rasters, so that QGIS shows them fast.</source>
<translation>Fügt den Rastern Kopien in halber, viertel ... Auflösung hinzu, damit QGIS sie schnell zeigt.</translation></message>
<message><source>Add overviews to the rasters written</source>
<translation>Den geschriebenen Rastern Übersichten hinzufügen</translation></message>
<message><source>Go on from the checkpoint that a stopped run left beside the model, which must be given; all else must be as before.</source>
<translation>Vom Zwischenstand aus fortfahren, den ein abgebrochener Lauf neben dem Modell hinterlassen hat; das Modell muss angegeben sein, alles andere wie zuvor.</translation></message>
<message><source>Take up a stopped run</source>
<translation>Einen abgebrochenen Lauf fortsetzen</translation></message>
<message><source>The sharpened image.</source>
<translation>Das geschärfte Bild.</translation></message>
<message><source>Sharpened image</source>
<translation>Geschärftes Bild</translation></message>
<message><source>What was learned: a model file that “Fuse with a model” applies to other scenes of the sensor.</source>
<translation>Was gelernt wurde: eine Modelldatei, die „Mit einem Modell fusionieren“ auf andere Szenen des Sensors anwendet.</translation></message>
<message><source>Model</source>
<translation>Modell</translation></message>
<message><source>SSML model (*.safetensors)</source>
<translation>SSML-Modell (*.safetensors)</translation></message>
<message><source>A report in one HTML file, with all parameters, versions and numbers; opens in any browser.</source>
<translation>Ein Bericht in einer HTML-Datei, mit allen Parametern, Versionen und Zahlen; öffnet sich in jedem Browser.</translation></message>
<message><source>One band on the output's grid: how far the networks differ in each pixel, as the root mean square over bands and the 3 x 3 pixels around it, in standard deviations of the bands. High values mark places to trust less.</source>
<translation>Ein Kanal auf dem Gitter des Ergebnisses: wie weit sich die Netze in jedem Pixel unterscheiden, als quadratisches Mittel über die Kanäle und die 3 x 3 Pixel um ihn, in Standardabweichungen der Kanäle. Hohe Werte zeigen, wo man weniger trauen sollte.</translation></message>
<message><source>Disagreement of the networks</source>
<translation>Uneinigkeit der Netze</translation></message>
<message><source>What the job says of its result, in a sentence.</source>
<translation>Was über das Ergebnis zu sagen ist, in einem Satz.</translation></message>
<message><source>Whether all is well: pass, look (look before you use it) or fail.</source>
<translation>Ob alles gut ist: pass (in Ordnung), look (vor der Verwendung ansehen) oder fail (so nicht verwenden).</translation></message>
<message><source>Mark</source>
<translation>Note</translation></message>
<message><source>Train a model</source>
<translation>Modell trainieren</translation></message>
<message><source>Learning</source>
<translation>Lernen</translation></message>
<message><source>Learns from one or more scenes of a sensor and writes one small model file.</source>
<translation>Lernt aus einer oder mehreren Szenen eines Sensors und schreibt eine kleine Modelldatei.</translation></message>
<message><source>Each hyperspectral image goes with the sharper one at the same place of the list. The scenes are degraded by the sensor's MTF and the networks learn where the truth is known; patches that are held out give the scores in the model file.</source>
<translation>Jedes Hyperspektralbild gehört zu dem schärferen Bild an derselben Stelle der Liste. Die Szenen werden mit der MTF des Sensors vergröbert, und die Netze lernen dort, wo die Wahrheit bekannt ist; zurückgehaltene Ausschnitte geben die Noten in der Modelldatei.</translation></message>
<message><source>While it runs, a checkpoint lies beside the model file as &lt;MODEL&gt;.checkpoint; a cancelled run is taken up from it.</source>
<translation>Während des Laufs liegt ein Zwischenstand neben der Modelldatei, als &lt;MODEL&gt;.checkpoint; ein abgebrochener Lauf wird von dort fortgesetzt.</translation></message>
<message><source>Hyperspectral images of one sensor: same bands, and about the same ratio to their sharper images.</source>
<translation>Hyperspektralbilder eines Sensors: dieselben Kanäle und etwa dasselbe Verhältnis zu ihren schärferen Bildern.</translation></message>
<message><source>Hyperspectral images (HSI)</source>
<translation>Hyperspektralbilder (HSI)</translation></message>
<message><source>Products as they are delivered, after the layers: of each its file (of many files the metadata), its folder, or a zip or tar archive.</source>
<translation>Produkte, wie sie geliefert werden, nach den Layern: von jedem seine Datei (von vielen Dateien die Metadaten), sein Ordner oder ein Zip- oder Tar-Archiv.</translation></message>
<message><source>Hyperspectral images (HSI): products</source>
<translation>Hyperspektralbilder (HSI): Produkte</translation></message>
<message><source>The sharper images, as many as hyperspectral ones and in the same order.</source>
<translation>Die schärferen Bilder, so viele wie Hyperspektralbilder und in derselben Reihenfolge.</translation></message>
<message><source>Sharper images, panchromatic (PAN) or multispectral, in the same order</source>
<translation>Schärfere Bilder, panchromatisch (PAN) oder multispektral, in derselben Reihenfolge</translation></message>
<message><source>Sharper images, panchromatic (PAN) or multispectral, in the same order: products</source>
<translation>Schärfere Bilder, panchromatisch (PAN) oder multispektral, in derselben Reihenfolge: Produkte</translation></message>
<message><source>Number of learning steps, instead of what the effort says; empty: by the effort.</source>
<translation>Zahl der Lernschritte, statt der aus dem Aufwand; leer: nach dem Aufwand.</translation></message>
<message><source>Steps, instead of the effort</source>
<translation>Schritte, statt des Aufwands</translation></message>
<message><source>mutual: the two networks of a pair learn from the truth and from each other; alone: from the truth only.</source>
<translation>mutual: die beiden Netze eines Paars lernen von der Wahrheit und voneinander; alone: nur von der Wahrheit.</translation></message>
<message><source>Way of learning</source>
<translation>Art des Lernens</translation></message>
<message><source>From the truth and from each other (recommended)</source>
<translation>Von der Wahrheit und voneinander (empfohlen)</translation></message>
<message><source>From the truth only</source>
<translation>Nur von der Wahrheit</translation></message>
<message><source>Only these bands are learned: numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm; empty: all. The model remembers them, and “Fuse with a model” takes the same.</source>
<translation>Nur diese Kanäle werden gelernt: Nummern ab 1, wie in 1-100,120, oder Wellenlängen, wie in 430-900 nm; leer: alle. Das Modell merkt sie sich, und „Mit einem Modell fusionieren“ nimmt dieselben.</translation></message>
<message><source>How far each PAN is shifted against its HSI is measured by phase correlation. auto: its position is moved by that, and by a local shift besides, where they are sure, and the log warns where they are not; global: as a whole, even if that is not sure; local: and locally wherever there is a local shift; none: it stays, and the log warns from half a PAN pixel on.</source>
<translation>Wie weit jedes PAN gegen sein HSI verschoben ist, wird durch Phasenkorrelation gemessen. auto: Seine Lage wird um das Gemessene verschoben, und um eine örtliche Verschiebung zusätzlich, wo sie sicher sind, und wo nicht, warnt das Protokoll; global: als Ganzes, auch wenn das nicht sicher ist; local: und örtlich, wo immer es eine örtliche Verschiebung gibt; none: Es bleibt, und ab einem halben PAN-Pixel warnt das Protokoll.</translation></message>
<message><source>How many times the result will be corrected so that, degraded again by the MTF, it gives back the HSI; the networks learn and are judged with this correction. The model remembers the number, and “Fuse with a model” takes the same. 0 switches the correction off.</source>
<translation>Wie oft das Ergebnis berichtigt werden wird, damit es, mit der MTF wieder vergröbert, das HSI ergibt; die Netze lernen und werden beurteilt mit dieser Berichtigung. Das Modell merkt sich die Zahl, und „Mit einem Modell fusionieren“ nimmt dieselbe. 0 schaltet die Berichtigung aus.</translation></message>
<message><source>A checkpoint of an interrupted run, to be taken up where it stopped; empty: start afresh.</source>
<translation>Ein Zwischenstand eines unterbrochenen Laufs, der dort fortgesetzt wird; leer: von vorn.</translation></message>
<message><source>Checkpoint to take up</source>
<translation>Fortzusetzender Zwischenstand</translation></message>
<message><source>The model file to write (.safetensors). It says all about itself and runs no code.</source>
<translation>Die zu schreibende Modelldatei (.safetensors). Sie sagt alles über sich selbst und führt keinen Code aus.</translation></message>
<message><source>Fuse with a model</source>
<translation>Mit einem Modell fusionieren</translation></message>
<message><source>Sharpens a hyperspectral image with a model that was trained before.</source>
<translation>Schärft ein Hyperspektralbild mit einem früher trainierten Modell.</translation></message>
<message><source>The model must have been trained for the same bands and a ratio that differs by 10 per cent at most; one that does not fit is refused with the reason. The blur is the one stored in the model, unless this pair's surely differs. The model is tried on the scene at reduced resolution first: where it is worse there than the scene's own regression prior, that is the result, with a warning.</source>
<translation>Das Modell muss für dieselben Kanäle und ein Verhältnis trainiert sein, das um höchstens 10 Prozent abweicht; eines, das nicht passt, wird mit dem Grund abgelehnt. Die Unschärfe ist die im Modell gespeicherte, es sei denn, die dieses Paars ist sicher anders. Das Modell wird zuerst bei verringerter Auflösung an der Szene erprobt: Wo es dort schlechter ist als der Regressions-Prior der Szene selbst, ist dieser das Ergebnis, mit einer Warnung.</translation></message>
<message><source>A model file written by “Train a model” or “Sharpen a scene” (.safetensors).</source>
<translation>Eine Modelldatei, die „Modell trainieren“ oder „Szene schärfen“ geschrieben hat (.safetensors).</translation></message>
<message><source>What to write: the mean of all networks, or of the spectral or the spatial ones alone.</source>
<translation>Was geschrieben wird: das Mittel aller Netze, oder nur der spektralen oder der räumlichen.</translation></message>
<message><source>Network to use</source>
<translation>Zu benutzendes Netz</translation></message>
<message><source>The mean of all (recommended)</source>
<translation>Das Mittel aller (empfohlen)</translation></message>
<message><source>The spectral ones alone</source>
<translation>Nur die spektralen</translation></message>
<message><source>The spatial ones alone</source>
<translation>Nur die räumlichen</translation></message>
<message><source>Only these bands are used and written: numbers counted from 1, as in 1-100,120, or wavelengths, as in 430-900 nm; empty: those that the model was trained on.</source>
<translation>Nur diese Kanäle werden benutzt und geschrieben: Nummern ab 1, wie in 1-100,120, oder Wellenlängen, wie in 430-900 nm; leer: die, mit denen das Modell trainiert wurde.</translation></message>
<message><source>Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency. auto measures it from the two images and takes the one in the model file unless that surely differs by more than the model allows, which the log warns of; model: the one in the model file in any case. Otherwise a number; two, as 0.2,0.35, vertically and horizontally; one for each group of bands, as 400-1000nm:0.2;1000-2500nm:0.15; or the name of a sensor.</source>
<translation>Wert der Modulationsübertragungsfunktion des Sensors bei der Nyquist-Frequenz des HSI. auto misst ihn aus den beiden Bildern und nimmt den aus der Modelldatei, es sei denn, der gemessene weicht sicher um mehr ab, als das Modell erlaubt; davor warnt das Protokoll; model: auf jeden Fall den aus der Modelldatei. Sonst eine Zahl; zwei, wie 0.2,0.35, senkrecht und waagerecht; eine für jede Gruppe von Kanälen, wie 400-1000nm:0.2;1000-2500nm:0.15; oder der Name eines Sensors.</translation></message>
<message><source>MTF gain of the HSI at its Nyquist frequency: auto, model, number, along,across, or sensor</source>
<translation>MTF-Wert des HSI bei seiner Nyquist-Frequenz: auto, model, Zahl, längs,quer oder Sensor</translation></message>
<message><source>How many times the result is corrected so that, degraded again by the MTF, it gives back the HSI. 0 switches the correction off. Empty: as many times as the model learned with; the log warns of another number.</source>
<translation>Wie oft das Ergebnis berichtigt wird, damit es, mit der MTF wieder vergröbert, das HSI ergibt. 0 schaltet die Berichtigung aus. Leer: so oft, wie das Modell gelernt hat; vor einer anderen Zahl warnt das Protokoll.</translation></message>
<message><source>Fuse with a classical method</source>
<translation>Mit einem klassischen Verfahren fusionieren</translation></message>
<message><source>Sharpens a hyperspectral image without learning; needs no PyTorch.</source>
<translation>Schärft ein Hyperspektralbild ohne zu lernen; braucht kein PyTorch.</translation></message>
<message><source>exp only brings the HSI to the PAN's pixel size by cubic convolution. mtf-glp, mtf-glp-fs add the detail of the PAN, what a low-pass matched to the sensor's MTF takes from it, with one gain per band; mtf-glp-hpm multiplies by it (-h from the haze on, -r by regression). sfim and awlp do so with other low-passes. gs, gsa, pca and brovey put the PAN in an intensity's place. gfpca filters principal components with the PAN as guide, bdsd learns their detail one scale down, cnmf unmixes both images.</source>
<translation>exp bringt das HSI nur durch kubische Faltung auf die Pixelgröße des PAN. mtf-glp, mtf-glp-fs fügen die Einzelheiten des PAN hinzu, die ein an die MTF des Sensors angepasster Tiefpass von ihm wegnimmt, mit einem Faktor je Kanal; mtf-glp-hpm multipliziert damit (-h vom Dunst an, -r durch Regression). sfim und awlp tun dies mit anderen Tiefpässen. gs, gsa, pca und brovey setzen das PAN an die Stelle einer Intensität. gfpca filtert Hauptkomponenten mit dem PAN als Führung, bdsd lernt ihre Einzelheiten eine Stufe tiefer, cnmf entmischt beide Bilder.</translation></message>
<message><source>The method, by its short name in the literature.</source>
<translation>Das Verfahren, mit seinem Kurznamen in der Literatur.</translation></message>
<message><source>Method</source>
<translation>Verfahren</translation></message>
<message><source>MTF-GLP (recommended)</source>
<translation>MTF-GLP (empfohlen)</translation></message>
<message><source>How many times the result is corrected so that, degraded again by the MTF, it gives back the HSI. 0 switches the correction off.</source>
<translation>Wie oft das Ergebnis berichtigt wird, damit es, mit der MTF wieder vergröbert, das HSI ergibt. 0 schaltet die Berichtigung aus.</translation></message>
<message><source>Simulate a pair (Wald's protocol)</source>
<translation>Paar simulieren (Walds Protokoll)</translation></message>
<message><source>Makes a low-resolution HSI and a PAN from a reference image, so that a method can be scored.</source>
<translation>Macht aus einem Referenzbild ein niedrig aufgelöstes HSI und ein PAN, damit ein Verfahren benotet werden kann.</translation></message>
<message><source>The PAN is the mean of the chosen bands, or their sum weighted by its spectral response, at the reference's resolution; the HSI is the reference degraded by the MTF and the ratio. Sharpen the pair and assess the result against the reference.</source>
<translation>Das PAN ist das Mittel der gewählten Kanäle, oder ihre mit seiner spektralen Empfindlichkeit gewichtete Summe, in der Auflösung der Referenz; das HSI ist die mit MTF und Verhältnis vergröberte Referenz. Schärfen Sie das Paar und beurteilen Sie das Ergebnis gegen die Referenz.</translation></message>
<message><source>The reference is cropped, from its upper-left corner, to what whole pixels of the HSI touch. Bands, wavelengths or a spectral response say what makes the PAN: give one of them.</source>
<translation>Die Referenz wird von ihrer linken oberen Ecke aus auf das zugeschnitten, was ganze Pixel des HSI berühren. Kanäle, Wellenlängen oder eine spektrale Empfindlichkeit sagen, was das PAN bildet: geben Sie eines davon an.</translation></message>
<message><source>The hyperspectral image that serves as the truth.</source>
<translation>Das Hyperspektralbild, das als Wahrheit dient.</translation></message>
<message><source>Reference image</source>
<translation>Referenzbild</translation></message>
<message><source>How many times larger the pixels of the simulated HSI are, any number from 1.5 to 40.</source>
<translation>Wievielmal so groß die Pixel des simulierten HSI sind, eine Zahl von 1,5 bis 40.</translation></message>
<message><source>Ratio of the pixel sizes</source>
<translation>Verhältnis der Pixelgrößen</translation></message>
<message><source>Bands that make the PAN, counted from 1, as in 6-36 or 1,3,5-9; empty: by their wavelengths. For a sharper image of several bands those of each, as in 6-14;15-24;25-33.</source>
<translation>Kanäle, die das PAN bilden, ab 1 gezählt, wie 6-36 oder 1,3,5-9; leer: nach ihren Wellenlängen. Für ein schärferes Bild mit mehreren Kanälen die eines jeden, wie 6-14;15-24;25-33.</translation></message>
<message><source>Bands of the PAN, as in 6-36</source>
<translation>Kanäle des PAN, wie 6-36</translation></message>
<message><source>Wavelengths in nm that make the PAN, as in 480-690, or the name of a sensor, as eo-1. For a sharper image of several bands those of each, as in 450-520;530-590, or sentinel-2; by published responses sentinel-2a, sentinel-2b, sentinel-2c, landsat-8-oli, landsat-9-oli or planetscope.</source>
<translation>Wellenlängen in nm, die das PAN bilden, wie 480-690, oder der Name eines Sensors, wie eo-1. Für ein schärferes Bild mit mehreren Kanälen die eines jeden, wie 450-520;530-590, oder sentinel-2; nach veröffentlichten Empfindlichkeiten sentinel-2a, sentinel-2b, sentinel-2c, landsat-8-oli, landsat-9-oli oder planetscope.</translation></message>
<message><source>Wavelengths of the PAN in nm, as in 480-690</source>
<translation>Wellenlängen des PAN in nm, wie 480-690</translation></message>
<message><source>The spectral response of the PAN, instead of a range: a text file with two columns, wavelength in nm and response.</source>
<translation>Die spektrale Empfindlichkeit des PAN, statt eines Bereichs: eine Textdatei mit zwei Spalten, Wellenlänge in nm und Empfindlichkeit.</translation></message>
<message><source>Spectral response of the PAN</source>
<translation>Spektrale Empfindlichkeit des PAN</translation></message>
<message><source>Gain of the sensor's modulation transfer function at the HSI's Nyquist frequency, between 0 and 1: how much the sensor blurs. 0.3 suits most sensors; a smaller number means a blurrier sensor. Instead of a number, the name of a sensor whose gain is published, as prisma, enmap, tanager, quickbird, ikonos, or two numbers, as 0.2,0.35, vertically (along track) and horizontally (across).</source>
<translation>Wert der Modulationsübertragungsfunktion des Sensors bei der Nyquist-Frequenz des HSI, zwischen 0 und 1: wie stark der Sensor verwischt. 0.3 passt zu den meisten Sensoren; eine kleinere Zahl bedeutet einen unschärferen Sensor. Statt einer Zahl der Name eines Sensors, dessen Wert veröffentlicht ist, wie prisma, enmap, tanager, quickbird, ikonos, oder zwei Zahlen, wie 0.2,0.35, vertikal (in Flugrichtung) und horizontal (quer dazu).</translation></message>
<message><source>MTF gain of the HSI at its Nyquist frequency, or sensor</source>
<translation>MTF-Wert des HSI bei seiner Nyquist-Frequenz, oder Sensor</translation></message>
<message><source>The number that stands for “no value” in the reference beside what the file declares, as -9999, or several, as -9999,0; none: no number does, not even a declared one, and none,-9999: -9999 alone. Empty: what the file declares, and a number that fills all bands of a region at the border is looked for, taken and warned of.</source>
<translation>Die Zahl, die in der Referenz für „kein Wert“ steht, neben dem, was die Datei angibt, wie -9999, oder mehrere, wie -9999,0; none: keine Zahl, auch keine angegebene, und none,-9999: -9999 allein. Leer: was die Datei angibt, und eine Zahl, die am Rand ein Gebiet in allen Bändern füllt, wird gesucht, genommen und gemeldet.</translation></message>
<message><source>Nodata value of the reference (empty: the file's own, none: no value)</source>
<translation>Nodata-Wert der Referenz (leer: die der Datei, none: kein Wert)</translation></message>
<message><source>The simulated hyperspectral image.</source>
<translation>Das simulierte Hyperspektralbild.</translation></message>
<message><source>Simulated HSI</source>
<translation>Simuliertes HSI</translation></message>
<message><source>The simulated panchromatic image.</source>
<translation>Das simulierte panchromatische Bild.</translation></message>
<message><source>Simulated PAN</source>
<translation>Simuliertes PAN</translation></message>
<message><source>Assess a result</source>
<translation>Ergebnis beurteilen</translation></message>
<message><source>Scores a sharpened image against a reference, against the HSI and PAN it was made from, or both.</source>
<translation>Benotet ein geschärftes Bild gegen eine Referenz, gegen das HSI und PAN, aus denen es entstand, oder beides.</translation></message>
<message><source>With a reference (which shares the pixel grid) the indices ERGAS, SAM, PSNR, CC, SSIM, RMSE, UIQI, Q2n and RSNR are computed over the overlap; with the HSI and the PAN, those that need no reference, and how well the result, degraded again, gives back the HSI.</source>
<translation>Mit einer Referenz (auf demselben Pixelgitter) werden die Maße ERGAS, SAM, PSNR, CC, SSIM, RMSE, UIQI, Q2n und RSNR über die Überlappung berechnet; mit HSI und PAN die, die keine Referenz brauchen, und wie gut das Ergebnis, wieder vergröbert, das HSI ergibt.</translation></message>
<message><source>UIQI, Q2n and what is made of them look at blocks of 32 x 32 pixels, of the result or of the HSI; an image without a whole block of valid pixels has none.</source>
<translation>UIQI, Q2n und was aus ihnen gemacht wird, betrachten Blöcke von 32 x 32 Pixeln, des Ergebnisses oder des HSI; ein Bild ohne einen ganzen Block gültiger Pixel hat keine.</translation></message>
<message><source>Bad bands and pixels take no part. Numbers that cannot be computed from what was given are left out.</source>
<translation>Schlechte Kanäle und Pixel zählen nicht mit. Zahlen, die sich aus den Angaben nicht berechnen lassen, fehlen.</translation></message>
<message><source>The sharpened image to score.</source>
<translation>Das zu benotende geschärfte Bild.</translation></message>
<message><source>The hyperspectral image that was sharpened; goes together with the PAN.</source>
<translation>Das Hyperspektralbild, das geschärft wurde; gehört mit dem PAN zusammen.</translation></message>
<message><source>The sharper image that was used; goes together with the HSI.</source>
<translation>Das schärfere Bild, das benutzt wurde; gehört mit dem HSI zusammen.</translation></message>
<message><source>The truth, on the same pixel grid; from a simulation, or a finer sensor.</source>
<translation>Die Wahrheit, auf demselben Pixelgitter; aus einer Simulation oder von einem feineren Sensor.</translation></message>
<message><source>The bands of the reference and the HSI that the result has, where it was made with BANDS.</source>
<translation>Die Kanäle der Referenz und des HSI, die das Ergebnis hat, wenn es mit BANDS gemacht wurde.</translation></message>
<message><source>As when the result was made: the PAN is moved in the same way. auto: where the result lies on the grid that the PAN then has; with a local shift, that is the PAN's own.</source>
<translation>Wie bei der Herstellung des Ergebnisses: Das PAN wird ebenso verschoben. auto: wo das Ergebnis auf dem Raster liegt, das das PAN dann hat; bei einer örtlichen Verschiebung ist das sein eigenes.</translation></message>
<message><source>Ratio of the pixel sizes, which ERGAS needs; only where it cannot be derived from HSI and PAN.</source>
<translation>Verhältnis der Pixelgrößen, das ERGAS braucht; nur wo es sich nicht aus HSI und PAN ergibt.</translation></message>
<message><source>Ratio, where it cannot be derived</source>
<translation>Verhältnis, wo es sich nicht ergibt</translation></message>
<message><source>Pixels to leave out along each edge of the result.</source>
<translation>Pixel, die an jedem Rand des Ergebnisses wegbleiben.</translation></message>
<message><source>Pixels to leave out along the edges</source>
<translation>Pixel, die an den Rändern wegbleiben</translation></message>
<message><source>The number that stands for “no value” in the HSI beside what the file declares, as -9999, or several, as -9999,0; none: no number does, not even a declared one, and none,-9999: -9999 alone. Empty: what the file declares, and a number that fills all bands of a region at the border is looked for, taken and warned of. The same goes for the reference. In the result such a number is looked for, too, but for none.</source>
<translation>Die Zahl, die im HSI für „kein Wert“ steht, neben dem, was die Datei angibt, wie -9999, oder mehrere, wie -9999,0; none: keine Zahl, auch keine angegebene, und none,-9999: -9999 allein. Leer: was die Datei angibt, und eine Zahl, die am Rand ein Gebiet in allen Bändern füllt, wird gesucht, genommen und gemeldet. Dasselbe gilt für die Referenz. Auch im Ergebnis wird eine solche Zahl gesucht, außer bei none.</translation></message>
<message><source>Relative dimensionless global error; 0 is best.</source>
<translation>Relativer dimensionsloser Gesamtfehler; 0 ist am besten.</translation></message>
<message><source>ERGAS</source>
<translation>ERGAS</translation></message>
<message><source>Mean spectral angle, in degrees; 0 is best.</source>
<translation>Mittlerer Spektralwinkel in Grad; 0 ist am besten.</translation></message>
<message><source>SAM (degrees)</source>
<translation>SAM (Grad)</translation></message>
<message><source>Peak signal-to-noise ratio, mean over the bands, in dB; higher is better.</source>
<translation>Spitzen-Signal-Rausch-Verhältnis, Mittel über die Kanäle, in dB; höher ist besser.</translation></message>
<message><source>PSNR (dB)</source>
<translation>PSNR (dB)</translation></message>
<message><source>Correlation coefficient, mean over the bands; 1 is best.</source>
<translation>Korrelationskoeffizient, Mittel über die Kanäle; 1 ist am besten.</translation></message>
<message><source>CC</source>
<translation>CC</translation></message>
<message><source>Structural similarity, mean over the bands; 1 is best.</source>
<translation>Strukturelle Ähnlichkeit, Mittel über die Kanäle; 1 ist am besten.</translation></message>
<message><source>SSIM</source>
<translation>SSIM</translation></message>
<message><source>Root of the mean squared error over all bands and pixels, in the units of the data; 0 is best.</source>
<translation>Wurzel des mittleren quadratischen Fehlers über alle Kanäle und Pixel, in der Einheit der Daten; 0 ist am besten.</translation></message>
<message><source>RMSE</source>
<translation>RMSE</translation></message>
<message><source>Universal image quality index, mean over blocks and bands; 1 is best.</source>
<translation>Universeller Bildgüteindex, Mittel über Blöcke und Kanäle; 1 ist am besten.</translation></message>
<message><source>UIQI</source>
<translation>UIQI</translation></message>
<message><source>Quality of whole spectra as hypercomplex numbers, mean over blocks; 1 is best.</source>
<translation>Güte ganzer Spektren als hyperkomplexe Zahlen, Mittel über Blöcke; 1 ist am besten.</translation></message>
<message><source>Q2n</source>
<translation>Q2n</translation></message>
<message><source>Reconstruction signal-to-noise ratio over all bands and pixels, in dB; higher is better.</source>
<translation>Signal-Rausch-Verhältnis der Rekonstruktion über alle Kanäle und Pixel, in dB; höher ist besser.</translation></message>
<message><source>RSNR (dB)</source>
<translation>RSNR (dB)</translation></message>
<message><source>Change of the relations between bands against the HSI; 0 is best.</source>
<translation>Änderung der Beziehungen zwischen den Kanälen gegenüber dem HSI; 0 ist am besten.</translation></message>
<message><source>D_lambda</source>
<translation>D_lambda</translation></message>
<message><source>1 - Q2n of the degraded result and the HSI (Khan); 0 is best.</source>
<translation>1 - Q2n des vergröberten Ergebnisses und des HSI (Khan); 0 ist am besten.</translation></message>
<message><source>D_lambda of Khan</source>
<translation>D_lambda nach Khan</translation></message>
<message><source>Change of the bands' relation to the PAN between the resolutions; 0 is best.</source>
<translation>Änderung der Beziehung der Kanäle zum PAN zwischen den Auflösungen; 0 ist am besten.</translation></message>
<message><source>D_s</source>
<translation>D_s</translation></message>
<message><source>Share of the PAN's variance that the bands together do not explain; 0 is best.</source>
<translation>Anteil der Varianz des PAN, den die Kanäle zusammen nicht erklären; 0 ist am besten.</translation></message>
<message><source>D_s by regression</source>
<translation>D_s durch Regression</translation></message>
<message><source>1 - local correlation of the bands with the PAN; 0 is best.</source>
<translation>1 - örtliche Korrelation der Kanäle mit dem PAN; 0 ist am besten.</translation></message>
<message><source>D_rho</source>
<translation>D_rho</translation></message>
<message><source>(1 - D_LAMBDA) (1 - D_S); 1 is best.</source>
<translation>(1 - D_LAMBDA) (1 - D_S); 1 ist am besten.</translation></message>
<message><source>QNR</source>
<translation>QNR</translation></message>
<message><source>(1 - D_LAMBDA_K) (1 - D_S); 1 is best.</source>
<translation>(1 - D_LAMBDA_K) (1 - D_S); 1 ist am besten.</translation></message>
<message><source>HQNR</source>
<translation>HQNR</translation></message>
<message><source>(1 - D_LAMBDA_K) (1 - D_S_REG); 1 is best.</source>
<translation>(1 - D_LAMBDA_K) (1 - D_S_REG); 1 ist am besten.</translation></message>
<message><source>RQNR</source>
<translation>RQNR</translation></message>
<message><source>Relative RMSE of the degraded result against the HSI; 0 is best.</source>
<translation>Relativer RMSE des vergröberten Ergebnisses gegen das HSI; 0 ist am besten.</translation></message>
<message><source>Consistency</source>
<translation>Konsistenz</translation></message>
<message><source>Compare methods</source>
<translation>Verfahren vergleichen</translation></message>
<message><source>Runs classical methods and networks on one HSI and PAN, ranks them, and keeps the best result.</source>
<translation>Lässt klassische Verfahren und Netze auf einem HSI und PAN laufen, ordnet sie und behält das beste Ergebnis.</translation></message>
<message><source>At reduced resolution (Wald's protocol) HSI and PAN are degraded by their ratio, fused, and compared with the HSI itself: this ranks the methods, by the mean of ERGAS and SAM, each relative to plain up-sampling. At full resolution, where there is no truth, indices without reference, time and memory are given.</source>
<translation>In verringerter Auflösung (Walds Protokoll) werden HSI und PAN um ihr Verhältnis vergröbert, fusioniert und mit dem HSI selbst verglichen: das ordnet die Verfahren, nach dem Mittel von ERGAS und SAM, jeweils im Verhältnis zum bloßen Hochrechnen. In voller Auflösung, wo es keine Wahrheit gibt, stehen Maße ohne Referenz, Zeit und Speicher.</translation></message>
<message><source>Networks that learn on the scene (ssml) learn twice, once at each resolution. A model that was trained on this very HSI takes part but is not ranked. Classical methods need no PyTorch.</source>
<translation>Netze, die an der Szene lernen (ssml), lernen zweimal, einmal in jeder Auflösung. Ein Modell, das an eben diesem HSI trainiert wurde, nimmt teil, wird aber nicht eingeordnet. Klassische Verfahren brauchen kein PyTorch.</translation></message>
<message><source>The methods to run: classical ones, and ssml to learn on the scene; empty: all classical ones. Up-sampling (exp) always takes part.</source>
<translation>Die Verfahren: klassische, und ssml, um an der Szene zu lernen; leer: alle klassischen. Bloßes Hochrechnen (exp) nimmt immer teil.</translation></message>
<message><source>Methods</source>
<translation>Verfahren</translation></message>
<message><source>How long ssml learns at each resolution.</source>
<translation>Wie lange ssml in jeder Auflösung lernt.</translation></message>
<message><source>A trained model that takes part, too.</source>
<translation>Ein trainiertes Modell, das auch teilnimmt.</translation></message>
<message><source>Iterations of the consistency projection after each method but up-sampling; 0 for none. A trained model is used with as many as it learned with.</source>
<translation>Schritte der Konsistenzprojektion nach jedem Verfahren außer dem Hochrechnen; 0 für keine. Ein trainiertes Modell wird mit so vielen benutzt, wie es gelernt hat.</translation></message>
<message><source>Pixels to leave out along each edge of what is scored.</source>
<translation>Pixel, die an jedem Rand dessen wegbleiben, was benotet wird.</translation></message>
<message><source>What the best method makes of the scene, on the PAN's grid.</source>
<translation>Was das beste Verfahren aus der Szene macht, auf dem Gitter des PAN.</translation></message>
<message><source>Result of the best method</source>
<translation>Ergebnis des besten Verfahrens</translation></message>
<message><source>All numbers as a table, one row a method.</source>
<translation>Alle Zahlen als Tabelle, eine Zeile je Verfahren.</translation></message>
<message><source>Results as a table</source>
<translation>Ergebnisse als Tabelle</translation></message>
<message><source>CSV (*.csv)</source>
<translation>CSV (*.csv)</translation></message>
<message><source>The name of the best method.</source>
<translation>Der Name des besten Verfahrens.</translation></message>
<message><source>Best method</source>
<translation>Bestes Verfahren</translation></message>
<message><source>Score of the best method: mean of its ERGAS and SAM, each relative to plain up-sampling.</source>
<translation>Note des besten Verfahrens: Mittel seines ERGAS und SAM, jeweils im Verhältnis zum bloßen Hochrechnen.</translation></message>
<message><source>Score of the best method</source>
<translation>Note des besten Verfahrens</translation></message>
<message><source>ERGAS of the best method at reduced resolution; 0 is best.</source>
<translation>ERGAS des besten Verfahrens in verringerter Auflösung; 0 ist am besten.</translation></message>
<message><source>ERGAS of the best method</source>
<translation>ERGAS des besten Verfahrens</translation></message>
<message><source>SAM of the best method at reduced resolution, in degrees; 0 is best.</source>
<translation>SAM des besten Verfahrens in verringerter Auflösung, in Grad; 0 ist am besten.</translation></message>
<message><source>SAM of the best method (degrees)</source>
<translation>SAM des besten Verfahrens (Grad)</translation></message>
<message><source>How far the best method's score lies below that of the best classical method, in per cent.</source>
<translation>Wie weit die Note des besten Verfahrens unter der des besten klassischen liegt, in Prozent.</translation></message>
<message><source>Gain over the best classical method (per cent)</source>
<translation>Gewinn gegenüber dem besten klassischen Verfahren (Prozent)</translation></message>
<message><source>Show what a model file says</source>
<translation>Zeigen, was eine Modelldatei sagt</translation></message>
<message><source>Writes what a model file says of itself: networks, bands, ratio, MTF, scores, training data, licence.</source>
<translation>Schreibt, was eine Modelldatei über sich sagt: Netze, Kanäle, Verhältnis, MTF, Noten, Trainingsdaten, Lizenz.</translation></message>
<message><source>Nothing in the file is run.</source>
<translation>Nichts in der Datei wird ausgeführt.</translation></message>
<message><source>The model's header, as a JSON file.</source>
<translation>Der Kopf des Modells als JSON-Datei.</translation></message>
<message><source>Open a product</source>
<translation>Produkt öffnen</translation></message>
<message><source>Data</source>
<translation>Daten</translation></message>
<message><source>Writes the images of a product as archives deliver it (PRISMA, EMIT, EnMAP, Sentinel-2 ...) as rasters: the hyperspectral image, the sharper image and the quality raster.</source>
<translation>Schreibt die Bilder eines Produkts, wie Archive es liefern (PRISMA, EMIT, EnMAP, Sentinel-2 ...), als Raster: das Hyperspektralbild, das schärfere Bild und das Qualitätsraster.</translation></message>
<message><source>Give the product's file, its folder, or the archive that it came in. The numbers stay as they are; wavelengths, widths, bad bands, scale, offset, nodata and georeference are written with them. Samples that the product's flags call invalid become nodata.</source>
<translation>Geben Sie die Datei des Produkts, seinen Ordner oder das Archiv an, in dem es kam. Die Zahlen bleiben, wie sie sind; Wellenlängen, Breiten, schlechte Kanäle, Skalierung, Versatz, NoData und Georeferenz werden mitgeschrieben. Werte, die die Flaggen des Produkts ungültig nennen, werden NoData.</translation></message>
<message><source>An image in sensor geometry is written as it was measured, with ground control points. The other tools take products directly (HSI_PRODUCT and PAN_PRODUCT) and know all pixels' places.</source>
<translation>Ein Bild in Sensorgeometrie wird geschrieben, wie es gemessen wurde, mit Passpunkten. Die anderen Werkzeuge nehmen Produkte unmittelbar (HSI_PRODUCT und PAN_PRODUCT) und kennen die Lage aller Pixel.</translation></message>
<message><source>A product as it is delivered: its file (of many files the metadata), its folder, or a zip or tar archive.</source>
<translation>Ein Produkt, wie es geliefert wird: seine Datei (von vielen Dateien die Metadaten), sein Ordner oder ein Zip- oder Tar-Archiv.</translation></message>
<message><source>Product: file, folder or archive</source>
<translation>Produkt: Datei, Ordner oder Archiv</translation></message>
<message><source>What is written: all, the images that the product has of those asked for; hsi, pan or quality, only that one; guide, the multispectral image in the place of the PAN, as of Landsat.</source>
<translation>Was geschrieben wird: all, von den gewünschten Bildern die, die das Produkt hat; hsi, pan oder quality, nur dieses; guide, das multispektrale Bild anstelle des PAN, wie von Landsat.</translation></message>
<message><source>Images to write</source>
<translation>Zu schreibende Bilder</translation></message>
<message><source>All that the product has</source>
<translation>Alle, die das Produkt hat</translation></message>
<message><source>Only the hyperspectral image</source>
<translation>Nur das Hyperspektralbild</translation></message>
<message><source>Only the panchromatic image</source>
<translation>Nur das panchromatische Bild</translation></message>
<message><source>Only the multispectral image, in the place of the PAN</source>
<translation>Nur das Multispektralbild, an der Stelle des PAN</translation></message>
<message><source>Only the quality raster</source>
<translation>Nur das Qualitätsraster</translation></message>
<message><source>The hyperspectral image; all detectors in one.</source>
<translation>Das Hyperspektralbild; alle Detektoren in einem.</translation></message>
<message><source>Hyperspectral image</source>
<translation>Hyperspektralbild</translation></message>
<message><source>The panchromatic image, or the bands of the sharper image.</source>
<translation>Das panchromatische Bild oder die Kanäle des schärferen Bildes.</translation></message>
<message><source>Sharper image</source>
<translation>Schärferes Bild</translation></message>
<message><source>The product's own classes or masks; a MASK where clear ground is 0.</source>
<translation>Die eigenen Klassen oder Masken des Produkts; eine MASK, wo klarer Boden 0 ist.</translation></message>
<message><source>Quality raster</source>
<translation>Qualitätsraster</translation></message>
<message><source>Install PyTorch</source>
<translation>PyTorch installieren</translation></message>
<message><source>Set-up</source>
<translation>Einrichtung</translation></message>
<message><source>Installs PyTorch and safetensors, which the learning algorithms need, into your QGIS profile.</source>
<translation>Installiert PyTorch und safetensors, welche die lernenden Algorithmen brauchen, in Ihr QGIS-Profil.</translation></message>
<message><source>Both go into a folder of the plugin's own in the QGIS profile, for the Python of this QGIS alone; QGIS's packages, above all numpy, stay as they are. What QGIS's Python has already is not installed again.</source>
<translation>Beide kommen in einen eigenen Ordner des Plugins im QGIS-Profil, nur für das Python dieses QGIS; die Pakete von QGIS, vor allem numpy, bleiben, wie sie sind. Was das Python von QGIS schon hat, wird nicht noch einmal installiert.</translation></message>
<message><source>pip is run with QGIS's Python and, where QGIS's settings name a proxy, through it. Nothing is put in use before a small computation has come out right. After Cancel, what was downloaded completely is kept, and the next run goes on from there.</source>
<translation>pip läuft mit dem Python von QGIS und, wenn die Einstellungen von QGIS einen Proxy nennen, über diesen. Nichts wird in Gebrauch genommen, bevor eine kleine Rechnung richtig herauskam. Nach einem Abbruch bleibt, was vollständig heruntergeladen ist, und der nächste Lauf macht dort weiter.</translation></message>
<message><source>The build for the processor takes about 0.8 GB there, one for NVIDIA cards several GB.</source>
<translation>Die Fassung für den Prozessor braucht dort etwa 0,8 GB, eine für NVIDIA-Karten mehrere GB.</translation></message>
<message><source>As in torch==2.13.0 or torch&gt;=2.1; the newest one that suits QGIS's Python is taken.</source>
<translation>Wie in torch==2.13.0 oder torch&gt;=2.1; genommen wird die neueste, die zum Python von QGIS passt.</translation></message>
<message><source>Version of PyTorch</source>
<translation>Version von PyTorch</translation></message>
<message><source>cpu: for the processor; cuda: for NVIDIA cards, as the driver allows; auto: cuda where there is an NVIDIA driver, cpu otherwise; default: what the usual package index has for this system.</source>
<translation>cpu: für den Prozessor; cuda: für NVIDIA-Karten, wie es der Treiber erlaubt; auto: cuda, wo es einen NVIDIA-Treiber gibt, sonst cpu; default: was das übliche Paketverzeichnis für dieses System hat.</translation></message>
<message><source>Build</source>
<translation>Fassung</translation></message>
<message><source>For the processor (CPU)</source>
<translation>Für den Prozessor (CPU)</translation></message>
<message><source>For NVIDIA graphics cards (CUDA)</source>
<translation>Für Grafikkarten von NVIDIA (CUDA)</translation></message>
<message><source>As the usual package index has it</source>
<translation>Wie im üblichen Paketindex</translation></message>
<message><source>Address of a package index that has all packages, instead of the usual one and of a build.</source>
<translation>Adresse eines Paketverzeichnisses, das alle Pakete hat, statt des üblichen und statt einer Fassung.</translation></message>
<message><source>Address of a package index</source>
<translation>Adresse eines Paketverzeichnisses</translation></message>
<message><source>A folder with the .whl files of PyTorch, safetensors and what they need, for a machine without network; nothing is downloaded then.</source>
<translation>Ein Ordner mit den .whl-Dateien von PyTorch, safetensors und dem, was sie brauchen, für eine Maschine ohne Netz; dann wird nichts heruntergeladen.</translation></message>
<message><source>Folder of wheels (no network)</source>
<translation>Ordner mit Wheels (ohne Netz)</translation></message>
<message><source>Install PyTorch and safetensors into the plugin's folder even where they are there already.</source>
<translation>PyTorch und safetensors auch dann in den Ordner des Plugins installieren, wenn sie schon da sind.</translation></message>
<message><source>Install even where QGIS's Python has PyTorch</source>
<translation>Auch installieren, wenn das Python von QGIS PyTorch hat</translation></message>
<message><source>Where the packages were put.</source>
<translation>Wohin die Pakete kamen.</translation></message>
<message><source>Folder of the packages</source>
<translation>Ordner der Pakete</translation></message>
<message><source>The version that was installed and tried out.</source>
<translation>Die Version, die installiert und ausprobiert wurde.</translation></message>
<message><source>Version of PyTorch installed</source>
<translation>Installierte Version von PyTorch</translation></message>
<message><source>Diagnose</source>
<translation>Diagnose</translation></message>
<message><source>Writes down what the plugin meets in this QGIS: versions, PyTorch, devices, settings, places.</source>
<translation>Schreibt auf, was das Plugin in diesem QGIS vorfindet: Versionen, PyTorch, Geräte, Einstellungen, Orte.</translation></message>
<message><source>Each device is tried out with a small computation; where a graphics card is not used, it says why. Paste the report into an issue; your home folder is written as ~ in it.</source>
<translation>Jedes Gerät wird mit einer kleinen Rechnung ausprobiert; wird eine Grafikkarte nicht benutzt, steht da, warum. Fügen Sie den Bericht in eine Fehlermeldung ein; Ihr persönlicher Ordner steht darin als ~.</translation></message>
<message><source>The report: a page (.html) or plain text (.txt); it is shown in the log, too.</source>
<translation>Der Bericht: eine Seite (.html) oder reiner Text (.txt); er steht auch im Protokoll.</translation></message>
<message><source>Diagnosis</source>
<translation>Diagnose</translation></message>
<message><source>Cancelled; nothing was written.</source>
<translation>Abgebrochen; nichts wurde geschrieben.</translation></message>
<message><source>{name} is not loaded: this version of QGIS shows no bands of a Zarr store; xarray reads it.</source>
<translation>{name} wird nicht geladen: Diese Version von QGIS zeigt von einem Zarr-Speicher keine Kanäle; xarray liest ihn.</translation></message>
<message><source>the panel Log Messages, tab SSML, has the details</source>
<translation>Näheres steht im Protokollfenster, Reiter SSML</translation></message>
<message><source>The layer “{name}” has its own no-data values or CRS, which count instead of its file's.</source>
<translation>Der Layer „{name}“ hat eigene Keine-Daten-Werte oder ein eigenes KBS; sie gelten statt derer seiner Datei.</translation></message>
<message><source>The no-data values and the CRS that were set for the layer “{name}” in QGIS are not taken over: export the layer to a new file to make them count.</source>
<translation>Die Keine-Daten-Werte und das KBS, die in QGIS für den Layer „{name}“ eingestellt wurden, werden nicht übernommen: exportieren Sie den Layer in eine neue Datei, damit sie gelten.</translation></message>
<message><source>“{title}” stopped because of a defect ({kind}: {message}); {details}: please report them at {tracker}.</source>
<translation>„{title}“ brach wegen eines Fehlers im Programm ab ({kind}: {message}); {details}: bitte melden Sie ihn unter {tracker}.</translation></message>
<message><source>Results: {name}</source>
<translation>Ergebnisse: {name}</translation></message>
<message><source>Disagreement: {name}</source>
<translation>Uneinigkeit: {name}</translation></message>
<message><source>There is not enough memory for this run: choose a smaller extent, close other programs or compute on the CPU.</source>
<translation>Für diesen Lauf reicht der Speicher nicht: wählen Sie eine kleinere Ausdehnung, schließen Sie andere Programme oder rechnen Sie auf der CPU.</translation></message>
<message><source>Cancelled; nothing was written. The checkpoint is kept: to go on, give {model} as the model and tick “{option}”.</source>
<translation>Abgebrochen; nichts wurde geschrieben. Der Zwischenstand bleibt erhalten: Um fortzufahren, {model} als Modell angeben und „{option}“ ankreuzen.</translation></message>
<message><source>the file {log} has the details</source>
<translation>Näheres steht in der Datei {log}</translation></message>
<message><source>Report: {path}</source>
<translation>Bericht: {path}</translation></message>
<message><source>Result: {path}</source>
<translation>Ergebnis: {path}</translation></message>
<message><source>about {count} h left</source>
<translation>noch etwa {count} h</translation></message>
<message><source>about {count} s left</source>
<translation>noch etwa {count} s</translation></message>
<message><source>about {count} min left</source>
<translation>noch etwa {count} min</translation></message>
<message><source>Sensors whose gain is published</source>
<translation>Sensoren, deren MTF-Wert veröffentlicht ist</translation></message>
<message><source>The pixels of “{pan}” ({fine:.3g} m) are not smaller than those of “{hsi}” ({coarse:.3g} m).</source>
<translation>Die Pixel von „{pan}“ ({fine:.3g} m) sind nicht kleiner als die von „{hsi}“ ({coarse:.3g} m).</translation></message>
<message><source>“{fused}” has {these} bands and “{hsi}” {those}: it is not a result of it, or of some bands only.</source>
<translation>„{fused}“ hat {these} Kanäle und „{hsi}“ {those}: Es ist kein Ergebnis davon, oder nur einiger Kanäle.</translation></message>
<message><source>The layer “{name}” is chosen twice, as {one} and as {two}.</source>
<translation>Der Layer „{name}“ ist zweimal gewählt, als {one} und als {two}.</translation></message>
<message><source>The layers “{one}” and “{two}” show different places.</source>
<translation>Die Layer „{one}“ und „{two}“ zeigen verschiedene Orte.</translation></message>
<message><source>“{name}” has one band: a hyperspectral image has many.</source>
<translation>„{name}“ hat einen Kanal: Ein Hyperspektralbild hat viele.</translation></message>
<message><source>pip needs the package PySocks for a SOCKS proxy, as QGIS's settings name one.</source>
<translation>pip braucht für einen SOCKS-Proxy, wie ihn die Einstellungen von QGIS nennen, das Paket PySocks.</translation></message>
<message><source>Another PyTorch is loaded: start QGIS again to use the one installed now.</source>
<translation>Ein anderes PyTorch ist geladen: starten Sie QGIS neu, um das jetzt installierte zu benutzen.</translation></message>
<message><source>The settings (Options, Processing, SSML) say that PyTorch comes from “{source}”: choose “auto” or “plugin” there to use what was installed.</source>
<translation>Die Einstellungen (Optionen, Verarbeitung, SSML) sagen, dass PyTorch von „{source}“ kommt: wählen Sie dort „auto“ oder „plugin“, um das Installierte zu benutzen.</translation></message>
<message><source>A run that is taken up needs the place of its model file: give MODEL.</source>
<translation>Ein Lauf, der fortgesetzt wird, braucht den Ort seiner Modelldatei: geben Sie MODEL an.</translation></message>
<message><source>The bands of the PAN are not given: set PAN_BANDS (band numbers, as in 6-36), PAN_RANGE (wavelengths in nm, as in 480-690) or PAN_RESPONSE (a file).</source>
<translation>Die Kanäle des PAN fehlen: setzen Sie PAN_BANDS (Kanalnummern, wie 6-36), PAN_RANGE (Wellenlängen in nm, wie 480-690) oder PAN_RESPONSE (eine Datei).</translation></message>
<message><source>Simulated HSI: {name}</source>
<translation>Simuliertes HSI: {name}</translation></message>
<message><source>Simulated PAN: {name}</source>
<translation>Simuliertes PAN: {name}</translation></message>
<message><source>HSI and PAN go together: give both, or a REFERENCE alone.</source>
<translation>HSI und PAN gehören zusammen: geben Sie beide an, oder nur eine REFERENCE.</translation></message>
<message><source>There is nothing to compare with: give a REFERENCE, or the HSI and the PAN.</source>
<translation>Es gibt nichts zum Vergleichen: geben Sie eine REFERENCE an, oder das HSI und das PAN.</translation></message>
<message><source>SSML, learned on the scene</source>
<translation>SSML, an der Szene gelernt</translation></message>
<message><source>All classical methods</source>
<translation>Alle klassischen Verfahren</translation></message>
<message><source>MODEL is {value}: let the name end with {ending}, by which model files are known.</source>
<translation>MODEL ist {value}: der Name muss auf {ending} enden, woran Modelldateien erkannt werden.</translation></message>
<message><source>Local shift: {name}</source>
<translation>Örtliche Verschiebung: {name}</translation></message>
<message><source>There are {hsi} hyperspectral and {pan} sharper images: give one sharper image for each hyperspectral one, in the same order.</source>
<translation>Es sind {hsi} hyperspektrale und {pan} schärfere Bilder: geben Sie zu jedem Hyperspektralbild ein schärferes an, in derselben Reihenfolge.</translation></message>
<message><source>Best method: {title}, ERGAS {ergas:.3f}, SAM {sam:.3f} degrees at reduced resolution.</source>
<translation>Bestes Verfahren: {title}, ERGAS {ergas:.3f}, SAM {sam:.3f} Grad in verringerter Auflösung.</translation></message>
<message><source>{product} does not exist: choose a product's file, folder or archive.</source>
<translation>{product} gibt es nicht: wählen Sie Datei, Ordner oder Archiv eines Produkts.</translation></message>
<message><source>Shift to the right</source>
<translation>Verschiebung nach rechts</translation></message>
<message><source> PAN pixels</source>
<translation> PAN-Pixel</translation></message>
<message><source>Shift downwards</source>
<translation>Verschiebung nach unten</translation></message>
<message><source>Confidence</source>
<translation>Verlässlichkeit</translation></message>
<message><source>The Python of QGIS lacks {names}: run “Install PyTorch” (ssml:installpytorch, in the group Set-up) once, or “python3 -m pip install {packages}” with that Python; “Fuse with a classical method” works without.</source>
<translation>Dem Python von QGIS fehlt {names}: führen Sie einmal „PyTorch installieren“ (ssml:installpytorch, in der Gruppe Einrichtung) aus, oder „python3 -m pip install {packages}“ mit jenem Python; „Mit einem klassischen Verfahren fusionieren“ geht ohne.</translation></message>
<message><source>The no-data settings of the layer “{name}” are not taken over, because they have ranges or differ between its bands: give single numbers in the nodata parameter.</source>
<translation>Die Keine-Daten-Einstellungen des Layers „{name}“ werden nicht übernommen, weil sie Bereiche haben oder zwischen seinen Kanälen abweichen: geben Sie einzelne Zahlen im Nodata-Parameter an.</translation></message>
<message><source>The layer “{name}” comes from the “{provider}” provider, but only raster files that GDAL opens can be used: export the layer to a GeoTIFF first.</source>
<translation>Der Layer „{name}“ kommt vom Datenanbieter „{provider}“, aber nur Rasterdateien, die GDAL öffnet, sind brauchbar: exportieren Sie den Layer zuerst als GeoTIFF.</translation></message>
<message><source>The same image is given as HSI and as PAN: choose a sharper image of the place as PAN.</source>
<translation>Dasselbe Bild ist als HSI und als PAN angegeben: Bitte ein schärferes Bild des Ortes als PAN wählen.</translation></message>
<message><source>QGIS opens no image in {path}, and it is no product that is known here: choose a raster, or a product's file, folder or archive ({key}).</source>
<translation>QGIS öffnet kein Bild in {path}, und es ist kein Produkt, das hier bekannt ist: wählen Sie ein Raster oder Datei, Ordner oder Archiv eines Produkts ({key}).</translation></message>
<message><source>{label} is given twice, as a layer ({key}) and as a product ({product}): leave one of them empty.</source>
<translation>{label} ist doppelt angegeben, als Layer ({key}) und als Produkt ({product}): lassen Sie eines davon leer.</translation></message>
<message><source>QGIS makes no layer of {product}: give it as {key}, or run “Open a product” (ssml:openproduct) first and take the rasters that it writes.</source>
<translation>QGIS macht aus {product} keinen Layer: geben Sie es als {key} an, oder führen Sie zuerst „Produkt öffnen“ (ssml:openproduct) aus und nehmen Sie die Raster, die es schreibt.</translation></message>
<message><source>{key}: there is no layer or image {path}.</source>
<translation>{key}: es gibt keinen Layer und kein Bild {path}.</translation></message>
<message><source>{label} is missing: choose a layer ({key}) or a product ({product}).</source>
<translation>{label} fehlt: wählen Sie einen Layer ({key}) oder ein Produkt ({product}).</translation></message>
<message><source>{key} is {word}, which is none of its words: {words}.</source>
<translation>{key} ist {word}; möglich sind: {words}.</translation></message>
<message><source>{key} is a list: write one text, xmin,xmax,ymin,ymax [EPSG:...].</source>
<translation>{key} ist eine Liste: schreiben Sie einen Text, xmin,xmax,ymin,ymax [EPSG:...].</translation></message>
<message><source>{key} is {value}, which is no file as it is needed: {filter}.</source>
<translation>{key} ist {value}; gebraucht wird: {filter}.</translation></message>
<message><source>{key} is {value}: give a whole number from {low} to {high}.</source>
<translation>{key} ist {value}: geben Sie eine ganze Zahl von {low} bis {high} an.</translation></message>
<message><source>{key} is {value}: give a number from {low} to {high}.</source>
<translation>{key} ist {value}: geben Sie eine Zahl von {low} bis {high} an.</translation></message>
<message><source>{key} is {value}: write true or false.</source>
<translation>{key} ist {value}: schreiben Sie true oder false.</translation></message>
<message><source>{given} is no parameter and does nothing; is it {known}?</source>
<translation>{given} ist kein Parameter und bewirkt nichts; ist es {known}?</translation></message>
<message><source>{given} is no parameter and does nothing.</source>
<translation>{given} ist kein Parameter und bewirkt nichts.</translation></message>
<message><source>Inspect, sharpen and judge</source>
<translation>Prüfen, schärfen und bewerten</translation></message>
<message><source>Sharpen and judge</source>
<translation>Schärfen und beurteilen</translation></message>
<message><source>Train on many, fuse one</source>
<translation>Aus vielen lernen, eine fusionieren</translation></message>
<message><source>Which method is best here</source>
<translation>Welches Verfahren hier das beste ist</translation></message>
<message><source>SSML Hyperspectral Pansharpening</source>
<translation>SSML Hyperspektrales Pansharpening</translation></message>
<message><source>PyTorch from (auto: QGIS's Python, else the plugin's folder; takes effect when QGIS starts)</source>
<translation>PyTorch aus (auto: dem Python von QGIS, sonst dem Ordner des Plugins; gilt ab dem nächsten Start von QGIS)</translation></message>
<message><source>Memory to use at most, in GB, where a run says 0 (0: automatic)</source>
<translation>Höchstens zu benutzender Speicher in GB, wo ein Lauf 0 sagt (0: automatisch)</translation></message>
<message><source>The other folder (a site-packages with PyTorch)</source>
<translation>Der andere Ordner (ein site-packages mit PyTorch)</translation></message>
<message><source>Device in new dialogs</source>
<translation>Gerät in neuen Dialogen</translation></message>
<message><source>Says whether an HSI and a PAN fit together, sharpens the HSI, learning from the scene, and assesses the result against both. Each step writes its report. Needs PyTorch.</source>
<translation>Sagt, ob HSI und PAN zusammenpassen, schärft das HSI, wobei aus der Szene gelernt wird, und bewertet das Ergebnis an beiden. Jeder Schritt schreibt seinen Bericht. Braucht PyTorch.</translation></message>
<message><source>How long to learn.</source>
<translation>Wie lange gelernt wird.</translation></message>
<message><source>The hyperspectral image.</source>
<translation>Das Hyperspektralbild.</translation></message>
<message><source>The sharper image of the same place: panchromatic, or of several bands.</source>
<translation>Das schärfere Bild desselben Ortes: panchromatisch oder mit mehreren Kanälen.</translation></message>
<message><source>Report of the assessment</source>
<translation>Bericht der Beurteilung</translation></message>
<message><source>Report of the pair</source>
<translation>Bericht über das Bildpaar</translation></message>
<message><source>Report of the learning</source>
<translation>Bericht des Lernens</translation></message>
<message><source>Sharpens a scene, learning from it, and assesses the result against the HSI and the PAN it was made of. Needs PyTorch.</source>
<translation>Schärft eine Szene, an der gelernt wird, und beurteilt das Ergebnis gegen das HSI und das PAN, aus denen es entstand. Braucht PyTorch.</translation></message>
<message><source>Trains a model on several scenes of one sensor and sharpens another scene with it. Needs PyTorch.</source>
<translation>Trainiert ein Modell an mehreren Szenen eines Sensors und schärft damit eine andere Szene. Braucht PyTorch.</translation></message>
<message><source>The hyperspectral image to sharpen.</source>
<translation>Das Hyperspektralbild, das geschärft wird.</translation></message>
<message><source>Hyperspectral images of one sensor.</source>
<translation>Hyperspektralbilder eines Sensors.</translation></message>
<message><source>The sharper images, in the same order.</source>
<translation>Die schärferen Bilder, in derselben Reihenfolge.</translation></message>
<message><source>Hyperspectral image to sharpen</source>
<translation>Hyperspektralbild, das geschärft wird</translation></message>
<message><source>Hyperspectral image to sharpen: product instead of a layer</source>
<translation>Hyperspektralbild, das geschärft wird: Produkt statt eines Layers</translation></message>
<message><source>Its sharper image</source>
<translation>Sein schärferes Bild</translation></message>
<message><source>Its sharper image: product instead of a layer</source>
<translation>Sein schärferes Bild: Produkt statt eines Layers</translation></message>
<message><source>Hyperspectral images to learn from</source>
<translation>Hyperspektralbilder zum Lernen</translation></message>
<message><source>Hyperspectral images to learn from: products</source>
<translation>Hyperspektralbilder zum Lernen: Produkte</translation></message>
<message><source>Their sharper images, in the same order</source>
<translation>Ihre schärferen Bilder, in derselben Reihenfolge</translation></message>
<message><source>Their sharper images, in the same order: products</source>
<translation>Ihre schärferen Bilder, in derselben Reihenfolge: Produkte</translation></message>
<message><source>Report of the training</source>
<translation>Bericht des Trainings</translation></message>
<message><source>Simulates a pair of HSI and PAN out of a hyperspectral image by Wald's protocol, runs the classical methods on it, ranks them, and keeps the best result.</source>
<translation>Simuliert aus einem Hyperspektralbild nach Walds Protokoll ein Paar aus HSI und PAN, wendet die klassischen Verfahren darauf an, ordnet sie nach Güte und behält das beste Ergebnis.</translation></message>
<message><source>Give either these or wavelengths.</source>
<translation>Entweder diese angeben oder Wellenlängen.</translation></message>
<message><source>Give either these or band numbers.</source>
<translation>Entweder diese angeben oder Kanalnummern.</translation></message>
<message><source>Pixels of the PAN along one pixel of the HSI.</source>
<translation>PAN-Pixel entlang eines HSI-Pixels.</translation></message>
<message><source>The hyperspectral image; its own pixels are the truth.</source>
<translation>Das Hyperspektralbild; seine eigenen Pixel sind die Wahrheit.</translation></message>
<message><source>Bands of the PAN, counted from 1, as in 6-36</source>
<translation>Kanäle des PAN, ab 1 gezählt, wie in 6-36</translation></message>
<message><source>Or its wavelengths in nm, as in 480-690</source>
<translation>Oder seine Wellenlängen in nm, wie in 480-690</translation></message>
<message><source>Hyperspectral image that serves as the truth</source>
<translation>Hyperspektralbild, das als Wahrheit dient</translation></message>
</context>
</TS>
